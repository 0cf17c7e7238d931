// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <functional>
#include <vector>

#include "mining/miners/miners.h"

namespace vantage::mining {

// Finds triplets among the descriptors of a round, each with its class. `round`: a number from which the
// function's own random numbers are derived.
using FindTriplets = std::function<MinedTriplets(const Eigen::Ref<const DescriptorMatrix>& descriptors,
                                                 const std::vector<SceneId>& classes, uint64_t round)>;

// Draws the photos of a round, describes them, and makes tuples of the triplets that `find` returns. Throws
// Error if the only round of an epoch has no triplet.
MinedTuples MineTripletRound(const Round& round, const TripletRoundOptions& options,
                             const FindTriplets& find);

// Returns the margin. Throws UsageError if the loss has no triplet margin.
double RequireMargin(std::optional<double> triplet_margin);

// Upper bounds on the number of triplets and photos of a round, for DryRun.
int64_t TripletsOf(const TripletRoundOptions& options, const TrainingSetSummary& split);
int64_t PhotosOf(const TripletRoundOptions& options, const TrainingSetSummary& split);

// Options that keep all triplets found, whatever their loss and class.
TripletRoundOptions AllTriplets(TripletRoundOptions options);

}  // namespace vantage::mining
