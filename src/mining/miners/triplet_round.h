// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <functional>
#include <vector>

#include "mining/miners/miners.h"

namespace vantage::mining {

// Finds triplets among the descriptors of a round, each of a class. seed: of the round's own draws.
using FindTriplets = std::function<MinedTriplets(const Eigen::Ref<const DescriptorMatrix>& descriptors,
                                                 const std::vector<SceneId>& classes, uint64_t round)>;

// Draws the photos of a round, describes them, and makes tuples of the triplets that `find` comes to.
MinedTuples MineTripletRound(const Round& round, const TripletRoundOptions& options,
                             const FindTriplets& find);

// Throws UsageError if the loss has no margin of triplets.
double RequireMargin(std::optional<double> triplet_margin);

// Of a round: the bounds of DryRun.
int64_t TripletsOf(const TripletRoundOptions& options, const TrainingSetSummary& split);
int64_t PhotosOf(const TripletRoundOptions& options, const TrainingSetSummary& split);

// All triplets that are found, whatever their loss and class.
TripletRoundOptions AllTriplets(TripletRoundOptions options);

}  // namespace vantage::mining
