// SPDX-License-Identifier: BSD-3-Clause
#include "mining/miners/miners.h"

namespace vantage {

// Each is defined in the file of its kind.
namespace mining {
MinerRow DifficultyMining();
MinerRow NegativeMining();
MinerRow RandomMining();
}  // namespace mining

namespace {

const Catalogue<mining::MinerRow>& Miners() {
  static const Catalogue<mining::MinerRow> miners(
      "miner", {mining::DifficultyMining(), mining::NegativeMining(), mining::RandomMining()});
  return miners;
}

}  // namespace

const Kinds& MinerFamily::Table() { return Miners(); }

std::unique_ptr<mining::Miner> mining::MakeMiner(const MinerChoice& options) {
  return Miners().At(options.kind()).make(options);
}

MiningOptions mining::ForValidation(MiningOptions options) {
  options.miner = Miners().At(options.miner.kind()).for_validation(options.miner);
  options.rounds = 1;
  return options;
}

}  // namespace vantage
