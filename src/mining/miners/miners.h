// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "mining/tuple_miner.h"
#include "vantage/mining.h"

namespace vantage::mining {

// A round to be mined.
struct Round {
  const TrainingSet& set;
  Split split;
  const PhotoSource& photos;  // of the set
  const DescribePhotos& describe;
  uint64_t seed = 0;
  uint64_t epoch = 0;  // 0 in validation
  int64_t number = 0;  // index of the round in the epoch
  int64_t rounds = 1;
  std::optional<double> triplet_margin;  // see MiningTurn
  const RunContext& context;
};

class Miner {
 public:
  virtual ~Miner() = default;
  // Throws Error if a round that should have tuples has none; Interrupted.
  virtual MinedTuples Mine(const Round& round) const = 0;
  // Throws UsageError if this miner needs a triplet margin and the loss has none.
  virtual void CheckMargin(std::optional<double> triplet_margin) const = 0;
  // Number of negatives per tuple, if there are enough.
  virtual int Negatives() const = 0;
  // Upper bounds on the number of tuples of an epoch, and of photos described in its rounds.
  virtual int64_t Tuples(const TrainingSetSummary& split, int64_t rounds) const = 0;
  virtual int64_t Photos(const TrainingSetSummary& split, int64_t rounds) const = 0;
};

// A row of the table of miners. Each miner has its own file in this folder.
struct MinerRow {
  Kind kind;
  std::function<std::unique_ptr<Miner>(const MinerChoice& options)> make;
  // The options for mining in validation, such that the losses of epochs can be compared.
  std::function<MinerChoice(const MinerChoice& options)> for_validation;
};

template <KindOptions Options>
MinerRow MakeMinerRow(std::string summary, std::unique_ptr<Miner> (*make)(const Options& options),
                      Options (*for_validation)(Options options)) {
  return {MakeKind<Options>(std::move(summary)),
          [make](const MinerChoice& options) { return make(options.As<Options>()); },
          [for_validation](const MinerChoice& options) -> MinerChoice {
            return for_validation(options.As<Options>());
          }};
}

std::unique_ptr<Miner> MakeMiner(const MinerChoice& options);

}  // namespace vantage::mining
