// SPDX-License-Identifier: BSD-3-Clause
#include "mining/miners/triplet_round.h"

namespace vantage {
namespace {

RandomMiningOptions AllRandomTriplets(RandomMiningOptions options) {
  options.round = mining::AllTriplets(options.round);
  return options;
}

}  // namespace

void Declare(OptionsDescription& description, RandomMiningOptions& options) {
  Declare(description, options.round);
}

namespace mining {

MinerRow RandomMining() {
  return MakeMinerRow<RandomMiningOptions>(
      "Triplets drawn at random, as a baseline",
      [](const RandomMiningOptions& options) -> std::unique_ptr<Miner> {
        return std::make_unique<TripletMiner<RandomMiningOptions>>(options, DrawTriplets);
      },
      AllRandomTriplets);
}

}  // namespace mining

}  // namespace vantage
