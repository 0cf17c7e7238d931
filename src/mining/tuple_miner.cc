// SPDX-License-Identifier: BSD-3-Clause
#include "mining/tuple_miner.h"
#include "vantage/mining.h"

#include <set>

#include "mining/miners/miners.h"
#include "util/check.h"
#include "util/rethrow.h"
#include "vantage/describer.h"
#include "vantage/training_set.h"

namespace vantage {

void Declare(OptionsDescription& description, MiningOptions& options) {
  description.AddChoice(options.miner, "Kind of tuples to mine");
  description.Add("rounds", options.rounds, "Rounds of mining of an epoch, each with the current network")
      .Range(1, 10000);
  description
      .Add("network", options.network,
           "Network whose descriptors find the negatives: current, as it is when a round begins; or start, "
           "as it was before training")
      .OneOf({"current", "start"});
}

void mining::CheckMinable(const TrainingSet& set, Split split) {
  std::set<SceneId> scenes;
  for (const TrainingPhoto& photo : set.photos) {
    if (set.scenes[IndexOf(photo.scene)].split == split) scenes.insert(photo.scene);
  }
  const int64_t queries = Summarize(set, split).queries;
  VANTAGE_CHECK(queries > 0, "the training set has no query in the split '", SplitName(split), "'");
  VANTAGE_CHECK(scenes.size() >= 2, "the training set has one scene only in the split '", SplitName(split),
                "': negatives come from other scenes");
}

mining::MinedTuples mining::MineRound(const TrainingSet& set, Split split, const PhotoSource& photos,
                                      const mining::DescribePhotos& describe, const MiningOptions& options,
                                      int64_t seed, const mining::MiningTurn& turn,
                                      const RunContext& context) try {
  CheckOptions(options);
  mining::CheckMinable(set, split);
  VANTAGE_CHECK(turn.round >= 0 && turn.round < options.rounds, "mining: round ", turn.round, " of ",
                options.rounds);
  return MakeMiner(options.miner)
      ->Mine({.set = set,
              .split = split,
              .photos = photos,
              .describe = describe,
              .seed = static_cast<uint64_t>(seed),
              .epoch = split == Split::kVal ? 0 : static_cast<uint64_t>(turn.epoch),
              .number = turn.round,
              .rounds = options.rounds,
              .triplet_margin = turn.triplet_margin,
              .context = context});
} catch (...) {
  RethrowAsError();
}

mining::MinedTuples mining::MineRound(const TrainingSet& set, Split split, const PhotoSource& photos,
                                      const nn::DescriptorNet& net, const ExtractOptions& extract,
                                      const MiningOptions& options, int64_t seed,
                                      const mining::MiningTurn& turn, const RunContext& context) try {
  const Describer describer(net, extract);
  const auto describe = [&](const PhotoSource& chosen, const RunContext& of_call) {
    return ExtractDescriptors(describer, chosen, of_call);
  };
  return mining::MineRound(set, split, photos, mining::DescribePhotos(describe), options, seed, turn,
                           context);
} catch (...) {
  RethrowAsError();
}

}  // namespace vantage
