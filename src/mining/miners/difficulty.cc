// SPDX-License-Identifier: BSD-3-Clause
#include <limits>

#include "mining/miners/triplet_round.h"

namespace vantage {
namespace {

// Options that keep the hard triplet of every photo drawn, which shows how far the network is from ranking it
// right.
DifficultyMiningOptions AllHardTriplets(DifficultyMiningOptions options) {
  options.round = mining::AllTriplets(options.round);
  options.semi_hard_probability = 0;
  options.rank_threshold = std::numeric_limits<int>::max();
  return options;
}

}  // namespace

void Declare(OptionsDescription& description, DifficultyMiningOptions& options) {
  Declare(description, options.round);
  description
      .Add("semi_hard_probability", options.semi_hard_probability,
           "Probability that an anchor takes the positive before its first negative instead of the one after "
           "it")
      .Range(0, 1);
  description
      .Add("rank_threshold", options.rank_threshold,
           "Positives at least this many ranks behind the negative count as wrong labels")
      .AtLeast(1);
}

namespace mining {

MinerRow DifficultyMining() {
  return MakeMinerRow<DifficultyMiningOptions>(
      "Triplets whose loss is in a range, among photos of all scenes (MVA 2022)",
      [](const DifficultyMiningOptions& options) -> std::unique_ptr<Miner> {
        return std::make_unique<TripletMiner<DifficultyMiningOptions>>(options, MineTriplets);
      },
      AllHardTriplets);
}

}  // namespace mining

}  // namespace vantage
