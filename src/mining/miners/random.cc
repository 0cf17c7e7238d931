// SPDX-License-Identifier: BSD-3-Clause
#include "mining/miners/triplet_round.h"

namespace vantage {
namespace {

class RandomMiner : public mining::Miner {
 public:
  explicit RandomMiner(const RandomMiningOptions& options) : options_(options) {}

  mining::MinedTuples Mine(const mining::Round& round) const override {
    const double margin = mining::RequireMargin(round.triplet_margin);
    return mining::MineTripletRound(round, options_.round,
                                    [&](const Eigen::Ref<const DescriptorMatrix>& descriptors,
                                        const std::vector<SceneId>& classes, uint64_t number) {
                                      return DrawTriplets(descriptors, classes, margin, options_, round.seed,
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
  RandomMiningOptions options_;
};

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
      "Triplets that are drawn, to compare with",
      [](const RandomMiningOptions& options) -> std::unique_ptr<Miner> {
        return std::make_unique<RandomMiner>(options);
      },
      AllRandomTriplets);
}

}  // namespace mining

}  // namespace vantage
