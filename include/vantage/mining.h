// SPDX-License-Identifier: BSD-3-Clause
// Mining of negatives and triplets for training.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "vantage/choice.h"
#include "vantage/describer.h"
#include "vantage/descriptors.h"
#include "vantage/options.h"
#include "vantage/run_context.h"
#include "vantage/training_set.h"

namespace vantage {

// Which non-matching photos become negatives (TPAMI 2019, section 4.3).
enum class NegativeVariant {
  kN1,  // the nearest of other scenes, any number from one scene
  kN2,  // at most one from each scene
};
NegativeVariant ParseNegativeVariant(const std::string& name);

struct MinedNegatives {
  // For each query: rows of the pool, nearest first; fewer than asked for if the pool has no more.
  std::vector<std::vector<int64_t>> rows;
  // For each of these rows: ||q - n + 1e-6||, in [0, 2] for rows of unit length.
  std::vector<std::vector<double>> distances;
  // Mean of all distances, as cirtorch reports it; NaN if there are none.
  double average_distance = 0;
};

// Finds the `count` nearest pool photos of other scenes for each query, exactly as cirtorch picks them. Equal
// similarities are in the order of pool rows. queries: Q x D, pool: N x D, rows of unit length; one scene for
// each row. Pool rows that are not finite are never picked; queries that are not finite get none. Blocks of
// queries are compared with the pool in parallel; each thread needs some MiB besides the descriptors. The
// picks do not depend on the number of threads. Reports the number of finished queries, from one thread at a
// time. Throws Error if sizes differ; Interrupted.
MinedNegatives MineNegatives(const Eigen::Ref<const DescriptorMatrix>& queries,
                             const std::vector<SceneId>& query_scenes,
                             const Eigen::Ref<const DescriptorMatrix>& pool,
                             const std::vector<SceneId>& pool_scenes, int count, NegativeVariant variant,
                             const RunContext& context = {});

// Options that the kinds of triplet mining share. Defaults are those of MVA 2022's code.
struct TripletRoundOptions {
  int pool = 2048;
  int per_class = 15;
  // Keeps triplets whose loss, margin + d(a, p)^2 - d(a, n)^2, is strictly between these.
  double lowest_loss = 0.08;
  double highest_loss = 0.12;
  bool one_per_class = true;
  int triplets = 256;
};
void Declare(OptionsDescription& description, TripletRoundOptions& options);

// Triplets by difficulty: MVA 2022 (Vaccaro et al., "Effective triplet mining improves training of
// multi-scale pooled CNN for image retrieval"), section 4. Defaults are its code's.
struct DifficultyMiningOptions {
  static constexpr const char* kKind = "difficulty";
  TripletRoundOptions round;
  // Probability that an anchor takes the last positive before its first negative (semi-hard). Otherwise, or
  // if there is none, it takes the first positive after that negative (hard).
  double semi_hard_probability = 0.5;
  int rank_threshold = 20;
};
void Declare(OptionsDescription& description, DifficultyMiningOptions& options);

// Triplets whose positive and negative are drawn from all photos of the round: the baseline in MVA 2022.
struct RandomMiningOptions {
  static constexpr const char* kKind = "random";
  TripletRoundOptions round;
};
void Declare(OptionsDescription& description, RandomMiningOptions& options);

struct Triplet {
  int64_t anchor = 0;  // row numbers
  int64_t positive = 0;
  int64_t negative = 0;
  double positive_distance = 0;
  double negative_distance = 0;
};

// Outcomes of a round's anchors. `anchors` is the sum of the others, except `losses`.
struct TripletStatistics {
  int64_t anchors = 0;
  int64_t no_negative = 0;       // no photo of another class
  int64_t no_positive = 0;       // no photo of its class in the part of the ranking that was searched
  int64_t behind_threshold = 0;  // the hard positive is rank_threshold or more ranks behind the negative
  int64_t outside_window = 0;    // the loss is not between lowest_loss and highest_loss
  int64_t same_class = 0;        // its class already has a triplet
  int64_t beyond_count = 0;      // the round already has TripletRoundOptions::triplets
  int64_t semi_hard = 0;         // kept
  int64_t hard = 0;              // kept
  // Losses of triplets before the loss window is applied: below 0; steps of 0.02 up to 0.2; above.
  static constexpr int kLossSteps = 10;
  static constexpr double kLossStep = 0.02;
  std::array<int64_t, kLossSteps + 2> losses{};

  // "2048 anchors: 30 semi-hard and 12 hard triplets; left out: 1900 outside the loss window, ...".
  std::string Text() const;
};

struct MinedTriplets {
  std::vector<Triplet> triplets;  // in the order of their anchors
  TripletStatistics statistics;
};

// Every row is an anchor. Ranks each anchor's other rows by similarity (equal ones by row number). The first
// row of another class is the negative; the options say which row becomes the positive. Anchors are then
// tried in the order of rows. margin: of the loss that measures triplets. descriptors: N x D, rows of unit
// length; one class for each row. Rows that are not finite are left out. Whether an anchor is to be semi-hard
// depends on the seed, on `key`, which differs from round to round, and on its row. Blocks of rows are
// compared in parallel; each thread holds N x 128 similarities. The triplets do not depend on the number of
// threads. Throws Error if sizes differ; Interrupted.
MinedTriplets MineTriplets(const Eigen::Ref<const DescriptorMatrix>& descriptors,
                           const std::vector<SceneId>& classes, double margin,
                           const DifficultyMiningOptions& options, uint64_t seed = 0, uint64_t key = 0,
                           const RunContext& context = {});

// The same, with a positive and a negative that are drawn at random for each anchor.
MinedTriplets DrawTriplets(const Eigen::Ref<const DescriptorMatrix>& descriptors,
                           const std::vector<SceneId>& classes, double margin,
                           const RandomMiningOptions& options, uint64_t seed = 0, uint64_t key = 0,
                           const RunContext& context = {});

// The set's queries with their positives, and for each the nearest photos of other scenes (TPAMI 2019,
// section 4.3).
struct NegativeMiningOptions {
  static constexpr const char* kKind = "negatives";
  int negatives = 5;           // TPAMI 2019, section 5.1
  std::string variant = "n2";  // "n1" or "n2"; see NegativeVariant
  int queries = 2000;          // TPAMI 2019, PyTorch code; its MATLAB code: 6,000
  int pool = 20000;            // TPAMI 2019, section 5.1: 22,000; the default of its PyTorch code: 20,000
  int val_queries = 0;
  // Draws new positives in each epoch, within the limits below. Differs from cirtorch, whose positives are
  // fixed: variety helps if there are few queries.
  bool redraw_positives = false;
  double min_overlap = 0.2;       // as m3 of TupleOptions
  double max_scale_change = 1.5;  // as m3 of TupleOptions
};
void Declare(OptionsDescription& description, NegativeMiningOptions& options);

struct MinerFamily {
  static constexpr const char* kDefault = NegativeMiningOptions::kKind;
  static const Kinds& Table();
};
using MinerChoice = Choice<MinerFamily>;

struct MiningOptions {
  // For triplets, a scene is a class.
  MinerChoice miner;
  int rounds = 1;  // TPAMI 2019, MATLAB code: 3 of 2,000 queries each; its PyTorch code: 1 of 2,000
  std::string network = "current";  // TPAMI 2019; "start": no re-mining, for comparison
};
void Declare(OptionsDescription& description, MiningOptions& options);

}  // namespace vantage
