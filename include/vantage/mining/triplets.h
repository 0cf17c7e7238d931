// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "vantage/config/options_description.h"
#include "vantage/descriptors/descriptors.h"
#include "vantage/training_set/training_set.h"
#include "vantage/util/run_context.h"

namespace vantage {

// Triplets by difficulty: MVA 2022 (Vaccaro et al., "Effective triplet mining improves training of
// multi-scale pooled CNN for image retrieval"), section 4. Defaults are its code's.
struct TripletOptions {
  // Photos that a round draws, and of each class at most.
  int pool = 2048;
  int per_class = 15;
  // "ranked": an anchor's negative is the nearest, its positive one next to that. "random": both are drawn
  // from all of the round, what MVA 2022 compares mining with; the window, one_per_class and count still
  // hold.
  std::string choice = "ranked";
  // How often an anchor takes the positive just before its first negative (semi-hard), where it has one; else
  // the first one after it (hard). Range [0, 1].
  double semi_hard_probability = 0.5;
  // A hard positive so many ranks or more behind the negative is taken for a wrong label.
  int rank_threshold = 20;
  // Triplets are kept whose loss, margin + d(a, p)^2 - d(a, n)^2, lies between these two.
  double margin = 0.1;
  double lowest_loss = 0.08;
  double highest_loss = 0.12;
  // At most one triplet of each anchor's class in a round.
  bool one_per_class = true;
  // At most so many triplets a round.
  int triplets = 256;
};
void Declare(OptionsDescription& description, TripletOptions& options);

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
// class, the negative. Row by row as TripletOptions says. descriptors: N x D, rows of unit length, each of a
// class; rows that are not finite are left out. Whether an anchor is to be semi-hard depends on the seed, the
// round and its row. Blocks of rows are compared side by side, each thread with N x 128 similarities; the
// triplets do not depend on the number of threads. Throws Error where sizes differ; Interrupted.
MinedTriplets MineTriplets(const Eigen::Ref<const DescriptorMatrix>& descriptors,
                           const std::vector<SceneId>& classes, const TripletOptions& options,
                           uint64_t seed = 0, uint64_t round = 0, const RunContext& context = {});

}  // namespace vantage
