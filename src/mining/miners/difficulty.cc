// SPDX-License-Identifier: BSD-3-Clause
#include <limits>

#include "mining/miners/triplet_round.h"

namespace vantage {
namespace {

class DifficultyMiner : public mining::Miner {
 public:
  explicit DifficultyMiner(const DifficultyMiningOptions& options) : options_(options) {}

  mining::MinedTuples Mine(const mining::Round& round) const override {
    const double margin = mining::RequireMargin(round.triplet_margin);
    return mining::MineTripletRound(round, options_.round,
                                    [&](const Eigen::Ref<const DescriptorMatrix>& descriptors,
                                        const std::vector<SceneId>& classes, uint64_t number) {
                                      return MineTriplets(descriptors, classes, margin, options_, round.seed,
                                                          number, round.context);
                                    });
  }

  void CheckMargin(std::optional<double> triplet_margin) const override {
    mining::RequireMargin(triplet_margin);
  }
  int Negatives() const override { return 1; }
  int64_t Tuples(const TrainingSetSummary& split, int64_t rounds) const override {
    return rounds * mining::TripletsOf(options_.round, split);
  }
  int64_t Photos(const TrainingSetSummary& split, int64_t rounds) const override {
    return rounds * mining::PhotosOf(options_.round, split);
  }

 private:
  DifficultyMiningOptions options_;
};

// The hard triplet of every photo drawn: how far the network is from ranking it right.
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
           "How often an anchor takes the positive before its first negative instead of the one after it")
      .Range(0, 1);
  description
      .Add("rank_threshold", options.rank_threshold,
           "A positive at least this many ranks behind the negative is taken for a wrong label")
      .AtLeast(1);
}

namespace mining {

MinerRow DifficultyMining() {
  return MakeMinerRow<DifficultyMiningOptions>(
      "Triplets of a wanted loss among photos of all scenes (MVA 2022)",
      [](const DifficultyMiningOptions& options) -> std::unique_ptr<Miner> {
        return std::make_unique<DifficultyMiner>(options);
      },
      AllHardTriplets);
}

}  // namespace mining

}  // namespace vantage
