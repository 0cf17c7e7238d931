// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "mining/miners/miners.h"

namespace vantage::mining {

// Finds triplets among the descriptors of a round, each with its class. `key`: a random number of the round,
// which keys the function's own draws.
using FindTriplets = std::function<MinedTriplets(const Eigen::Ref<const DescriptorMatrix>& descriptors,
                                                 const std::vector<SceneId>& classes, uint64_t key)>;

// Draws the photos of a round, describes them, and makes tuples of the triplets that `find` returns. Throws
// Error if the only round of an epoch has no triplet.
MinedTuples MineTripletRound(const Round& round, const TripletRoundOptions& options,
                             const FindTriplets& find);

// Returns the margin. Throws UsageError if the loss has no triplet margin.
double RequireMargin(std::optional<double> triplet_margin);

// Upper bounds on the number of triplets and photos of a round, for DryRun.
int64_t TripletsOf(const TripletRoundOptions& options, const TrainingSetSummary& split);
int64_t PhotosOf(const TripletRoundOptions& options, const TrainingSetSummary& split);

// A miner of triplets. Options: a kind with a member `TripletRoundOptions round`. find: MineTriplets or
// DrawTriplets.
template <typename Options>
class TripletMiner : public Miner {
 public:
  using Find = MinedTriplets (*)(const Eigen::Ref<const DescriptorMatrix>& descriptors,
                                 const std::vector<SceneId>& classes, double margin, const Options& options,
                                 uint64_t seed, uint64_t key, const RunContext& context);

  TripletMiner(const Options& options, Find find) : options_(options), find_(find) {}

  MinedTuples Mine(const Round& round) const override {
    const double margin = RequireMargin(round.triplet_margin);
    return MineTripletRound(round, options_.round,
                            [&](const Eigen::Ref<const DescriptorMatrix>& descriptors,
                                const std::vector<SceneId>& classes, uint64_t key) {
                              return find_(descriptors, classes, margin, options_, round.seed, key,
                                           round.context);
                            });
  }

  void CheckMargin(std::optional<double> triplet_margin) const override { RequireMargin(triplet_margin); }
  int Negatives() const override { return 1; }
  int64_t Tuples(const TrainingSetSummary& split, int64_t rounds) const override {
    return rounds * TripletsOf(options_.round, split);
  }
  int64_t Photos(const TrainingSetSummary& split, int64_t rounds) const override {
    return rounds * PhotosOf(options_.round, split);
  }

 private:
  Options options_;
  Find find_;
};

// Options that keep all triplets found, whatever their loss and class.
TripletRoundOptions AllTriplets(TripletRoundOptions options);

}  // namespace vantage::mining
