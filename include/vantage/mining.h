// SPDX-License-Identifier: BSD-3-Clause
// Mines negatives and triplets for training.
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
  kN1,  // the nearest of other scenes, any number of a scene
  kN2,  // at most one of a scene
};
NegativeVariant ParseNegativeVariant(const std::string& name);

struct MinedNegatives {
  // For each query: rows of the pool, nearest first; fewer than asked for where the pool has no more.
  std::vector<std::vector<int64_t>> rows;
  // Beside each row: ||q - n + 1e-6||, in [0, 2] for rows of unit length.
  std::vector<std::vector<double>> distances;
  // Their mean over all, as cirtorch reports it; NaN where there are none.
  double average_distance = 0;
};

// The `count` nearest pool photos of other scenes for each query, exactly as cirtorch picks them; equal
// similarities by pool row. queries: Q x D, pool: N x D, rows of unit length; the scenes are those of the
// rows. A row of the pool that is not finite is never picked, and such a query gets nothing. Blocks of
// queries are compared with the pool side by side; beside the descriptors each thread takes some MiB. The
// picks do not depend on the number of threads. Reports the queries that are done, one thread at a time.
// Throws Error where sizes differ; Interrupted.
MinedNegatives MineNegatives(const Eigen::Ref<const DescriptorMatrix>& queries,
                             const std::vector<SceneId>& query_scenes,
                             const Eigen::Ref<const DescriptorMatrix>& pool,
                             const std::vector<SceneId>& pool_scenes, int count, NegativeVariant variant,
                             const RunContext& context = {});

// What the kinds of mining triplets have in common. Defaults are those of MVA 2022's code.
struct TripletRoundOptions {
  int pool = 2048;
  int per_class = 15;
  // Of margin + d(a, p)^2 - d(a, n)^2.
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
  // The positive just before the first negative is semi-hard, if there is one; the first after it is hard.
  double semi_hard_probability = 0.5;
  int rank_threshold = 20;
};
void Declare(OptionsDescription& description, DifficultyMiningOptions& options);

// Triplets whose positive and negative are drawn from all photos of the round: what MVA 2022 compares mining
// with.
struct RandomMiningOptions {
  static constexpr const char* kKind = "random";
  TripletRoundOptions round;
};
void Declare(OptionsDescription& description, RandomMiningOptions& options);

struct Triplet {
  int64_t anchor = 0;  // rows
  int64_t positive = 0;
  int64_t negative = 0;
  double positive_distance = 0;
  double negative_distance = 0;
};

// What became of a round's anchors: each is counted once.
struct TripletStatistics {
  int64_t anchors = 0;
  int64_t no_negative = 0;  // no photo of another class
  int64_t no_positive = 0;  // no photo of its class where one was looked for
  int64_t behind_threshold = 0;
  int64_t outside_window = 0;
  int64_t same_class = 0;  // as an earlier triplet's anchor
  int64_t beyond_count = 0;
  int64_t semi_hard = 0;  // kept
  int64_t hard = 0;       // kept
  // Of the triplets that the window was asked about, by loss: below 0, 0.02 wide steps up to 0.2, above.
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

// An anchor's other rows are ranked by similarity (equal ones by row); j is the rank of the first of another
// class, the negative. Row by row as the options say. margin: of the loss that triplets are measured by.
// descriptors: N x D, rows of unit length, each of a class; rows that are not finite are left out. Whether an
// anchor is to be semi-hard depends on the seed, the round and its row. Blocks of rows are compared side by
// side, each thread with N x 128 similarities; the triplets do not depend on the number of threads. Throws
// Error if sizes differ; Interrupted.
MinedTriplets MineTriplets(const Eigen::Ref<const DescriptorMatrix>& descriptors,
                           const std::vector<SceneId>& classes, double margin,
                           const DifficultyMiningOptions& options, uint64_t seed = 0, uint64_t round = 0,
                           const RunContext& context = {});

// The same with a positive and a negative that are drawn for each anchor.
MinedTriplets DrawTriplets(const Eigen::Ref<const DescriptorMatrix>& descriptors,
                           const std::vector<SceneId>& classes, double margin,
                           const RandomMiningOptions& options, uint64_t seed = 0, uint64_t round = 0,
                           const RunContext& context = {});

// The set's queries and positives, each with the nearest photos of other scenes (TPAMI 2019, section 4.3).
struct NegativeMiningOptions {
  static constexpr const char* kKind = "negatives";
  int negatives = 5;           // TPAMI 2019, section 5.1
  std::string variant = "n2";  // NegativeVariant
  int queries = 2000;          // TPAMI 2019, PyTorch code; its MATLAB code: 6,000
  int pool = 20000;            // TPAMI 2019, section 5.1: 22,000; the default of its PyTorch code: 20,000
  int val_queries = 0;
  // Differs from cirtorch, whose positives are fixed: with few queries the variety helps.
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
  // By difficulty and at random a scene is a class.
  MinerChoice miner;
  int rounds = 1;  // TPAMI 2019, MATLAB code: 3 of 2,000 queries each; its PyTorch code: 1 of 2,000
  std::string network = "current";  // TPAMI 2019; "start" is no re-mining, to compare with
};
void Declare(OptionsDescription& description, MiningOptions& options);

}  // namespace vantage
