// SPDX-License-Identifier: BSD-3-Clause
#include "mining/tuple_miner.h"
#include "vantage/mining.h"

#include <limits>
#include <map>
#include <set>

#include "mining/descriptor_pool.h"
#include "mining/triplet_miner.h"
#include "util/check.h"
#include "util/index.h"
#include "util/random.h"
#include "util/rethrow.h"
#include "vantage/describer.h"
#include "vantage/training_set.h"

namespace vantage {
namespace {

PhotoId RedrawPositive(const TrainingQuery& query, const MiningOptions& options, RandomStream& random) {
  std::vector<PhotoId> eligible;
  for (const CandidatePositive& candidate : query.candidates) {
    if (IsModerateViewpointChange(candidate, options.min_overlap, options.max_scale_change)) {
      eligible.push_back(candidate.photo);
    }
  }
  return eligible.empty() ? query.positive : eligible[random.Below(eligible.size())];
}

// Queries and positives of an epoch; of them those of a round.
std::vector<mining::Tuple> DrawPairs(const TrainingSet& set, Split split, const MiningOptions& options,
                                     uint64_t seed, uint64_t epoch, int64_t round) {
  std::vector<const TrainingQuery*> available;
  for (const TrainingQuery& query : set.queries) {
    if (set.SplitOf(query.photo) == split) available.push_back(&query);
  }
  const uint64_t split_number = split == Split::kTrain ? 0 : 1;
  RandomStream random(seed, "queries", {split_number, epoch});
  std::vector<mining::Tuple> pairs;
  for (const int64_t i : random.Sample(std::ssize(available), options.queries)) {
    const TrainingQuery& query = *available[ToIndex(i)];
    const PhotoId positive =
        options.redraw_positives ? RedrawPositive(query, options, random) : query.positive;
    pairs.push_back({.query = query.photo, .positive = positive});
  }
  const auto begin_of = [&](int64_t of_round) {
    return pairs.begin() + std::ssize(pairs) * of_round / options.rounds;
  };
  return {begin_of(round), begin_of(round + 1)};
}

std::vector<PhotoId> DrawPool(const TrainingSet& set, Split split, const MiningOptions& options,
                              uint64_t seed, uint64_t epoch) {
  std::vector<PhotoId> available;
  for (size_t i = 0; i < set.photos.size(); ++i) {
    const auto photo = PhotoId{static_cast<int64_t>(i)};
    if (set.SplitOf(photo) == split) available.push_back(photo);
  }
  const uint64_t split_number = split == Split::kTrain ? 0 : 1;
  RandomStream random(seed, "pool", {split_number, epoch});
  std::vector<PhotoId> pool;
  for (const int64_t i : random.Sample(std::ssize(available), options.pool)) {
    pool.push_back(available[ToIndex(i)]);
  }
  return pool;
}

}  // namespace

void Declare(OptionsDescription& description, MiningOptions& options) {
  description
      .Add(
          "strategy", options.strategy,
          "negatives: queries with the nearest photos of other scenes; difficulty: triplets of a wanted loss")
      .OneOf({"negatives", "difficulty"});
  description
      .Add("rounds", options.rounds,
           "Rounds of an epoch, each mined with the network as it is then; negatives: the queries are split "
           "among them")
      .Range(1, 10000);
  description.Add("negatives", options.negatives, "Negatives a query").Range(1, 100);
  description
      .Add("variant", options.variant,
           "n1: the nearest photos of other scenes; n2: at most one of each other scene")
      .OneOf({"n1", "n2"});
  description.Add("queries", options.queries, "Queries drawn for an epoch, or all where there are fewer")
      .AtLeast(1);
  description.Add("pool", options.pool, "Photos drawn for an epoch, among which negatives are looked for")
      .AtLeast(1);
  description
      .Add("val_queries", options.val_queries, "Queries to validate on, the same in each epoch; 0: all")
      .AtLeast(0);
  description.Add("redraw_positives", options.redraw_positives,
                  "Draw positives anew in each epoch from all that fit, instead of keeping the set's");
  description
      .Add("min_overlap", options.min_overlap, "Redrawing: least share of the query's points in the positive")
      .Range(0, 1);
  description.Add("max_scale_change", options.max_scale_change, "Redrawing: largest change of scale")
      .AtLeast(1);
  description
      .Add("network", options.network,
           "Whose descriptors find the negatives: current, the network as it is when a round begins, or "
           "start, as it was before training")
      .OneOf({"current", "start"});
  description.Nest("difficulty", options.difficulty, "Triplets by difficulty");
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

MiningOptions mining::ForValidation(MiningOptions options) {
  constexpr int kAll = std::numeric_limits<int>::max();
  options.queries = options.val_queries > 0 ? options.val_queries : kAll;
  options.pool = kAll;
  options.redraw_positives = false;
  options.rounds = 1;
  TripletOptions& triplets = options.difficulty;
  triplets.semi_hard_probability = 0;
  triplets.rank_threshold = kAll;
  triplets.lowest_loss = -10;  // the options' bounds, which all losses are within
  triplets.highest_loss = 10;
  triplets.one_per_class = false;
  triplets.triplets = kAll;
  return options;
}

mining::MinedTuples mining::MineRound(const TrainingSet& set, Split split,
                                      const std::filesystem::path& photo_root,
                                      const mining::DescribePhotos& describe, const MiningOptions& options,
                                      int64_t seed, const mining::MiningTurn& turn,
                                      const RunContext& context) try {
  CheckOptions(options);
  mining::CheckMinable(set, split);
  const auto key = static_cast<uint64_t>(seed);
  const uint64_t epoch_key = split == Split::kVal ? 0 : static_cast<uint64_t>(turn.epoch);
  VANTAGE_CHECK(turn.round >= 0 && turn.round < options.rounds, "mining: round ", turn.round, " of ",
                options.rounds);
  if (options.strategy == "difficulty") {
    return mining::MineTripletRound(set, split, photo_root, describe, options, key, epoch_key,
                                    static_cast<uint64_t>(turn.round), context);
  }
  std::vector<mining::Tuple> pairs = DrawPairs(set, split, options, key, epoch_key, turn.round);
  if (pairs.empty()) return {};
  std::vector<PhotoId> pool = DrawPool(set, split, options, key, epoch_key);

  // The pool comes first, so that its descriptors lie together and need no copy.
  std::vector<PhotoId> needed = pool;
  std::set<PhotoId> known(pool.begin(), pool.end());
  for (const mining::Tuple& pair : pairs) {
    for (const PhotoId photo : {pair.query, pair.positive}) {
      if (known.insert(photo).second) needed.push_back(photo);
    }
  }
  const mining::DescriptorPool described(set, needed, photo_root, describe, context);
  mining::MinedTuples mined;
  mined.failed = described.failed();
  std::erase_if(pairs, [&](const mining::Tuple& pair) {
    return !described.Has(pair.query) || !described.Has(pair.positive);
  });
  std::erase_if(pool, [&](PhotoId photo) { return !described.Has(photo); });

  mined.photo_distance = described.Spread(pool.size());
  std::vector<PhotoId> queries;
  for (const mining::Tuple& pair : pairs) queries.push_back(pair.query);
  const MinedNegatives negatives = MineNegatives(
      described.Rows(queries), mining::ScenesOf(set, queries), described.First(pool.size()),
      mining::ScenesOf(set, pool), options.negatives, ParseNegativeVariant(options.variant), context);
  mined.average_negative_distance = negatives.average_distance;
  for (size_t i = 0; i < pairs.size(); ++i) {
    for (const int64_t row : negatives.rows[i]) pairs[i].negatives.push_back(pool[ToIndex(row)]);
    pairs[i].negative_distances = negatives.distances[i];
    pairs[i].positive_distance = described.Distance(pairs[i].query, pairs[i].positive);
    if (static_cast<int>(pairs[i].negatives.size()) < options.negatives) ++mined.short_tuples;
    if (!pairs[i].negatives.empty()) mined.tuples.push_back(std::move(pairs[i]));
  }
  VANTAGE_CHECK(!mined.tuples.empty(), "mining found no tuple in the split '", SplitName(split),
                "': could the photos be read?", mined.failed.empty() ? "" : " The first that failed: ",
                mined.failed.empty() ? "" : mined.failed.front());
  return mined;
} catch (...) {
  RethrowAsError();
}

mining::MinedTuples mining::MineRound(const TrainingSet& set, Split split,
                                      const std::filesystem::path& photo_root, const nn::DescriptorNet& net,
                                      const ExtractOptions& extract, const MiningOptions& options,
                                      int64_t seed, const mining::MiningTurn& turn,
                                      const RunContext& context) try {
  const Describer describer(net, extract);
  const auto describe = [&](const std::vector<PhotoRequest>& photos, const RunContext& of_call) {
    return ExtractDescriptors(describer, photos, of_call);
  };
  return mining::MineRound(set, split, photo_root, mining::DescribePhotos(describe), options, seed, turn,
                           context);
} catch (...) {
  RethrowAsError();
}

}  // namespace vantage
