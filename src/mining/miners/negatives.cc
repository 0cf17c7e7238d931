// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <limits>
#include <set>

#include "mining/descriptor_pool.h"
#include "mining/miners/miners.h"
#include "util/check.h"
#include "util/index.h"
#include "util/random.h"

namespace vantage {
namespace {

PhotoId RedrawPositive(const TrainingQuery& query, const NegativeMiningOptions& options,
                       RandomStream& random) {
  std::vector<PhotoId> eligible;
  for (const CandidatePositive& candidate : query.candidates) {
    if (IsModerateViewpointChange(candidate, options.min_overlap, options.max_scale_change)) {
      eligible.push_back(candidate.photo);
    }
  }
  return eligible.empty() ? query.positive : eligible[random.Below(eligible.size())];
}

// Draws the queries and positives of an epoch; returns those of one round.
std::vector<mining::Tuple> DrawPairs(const TrainingSet& set, Split split,
                                     const NegativeMiningOptions& options, uint64_t seed, uint64_t epoch,
                                     int64_t round, int64_t rounds) {
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
    return pairs.begin() + std::ssize(pairs) * of_round / rounds;
  };
  return {begin_of(round), begin_of(round + 1)};
}

std::vector<PhotoId> DrawPool(const TrainingSet& set, Split split, const NegativeMiningOptions& options,
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

class NegativeMiner : public mining::Miner {
 public:
  explicit NegativeMiner(const NegativeMiningOptions& options) : options_(options) {}

  mining::MinedTuples Mine(const mining::Round& round) const override {
    const TrainingSet& set = round.set;
    const Split split = round.split;
    std::vector<mining::Tuple> pairs =
        DrawPairs(set, split, options_, round.seed, round.epoch, round.number, round.rounds);
    if (pairs.empty()) return {};
    std::vector<PhotoId> pool = DrawPool(set, split, options_, round.seed, round.epoch);

    // The pool comes first: its descriptors are contiguous rows and need no copy.
    std::vector<PhotoId> needed = pool;
    std::set<PhotoId> known(pool.begin(), pool.end());
    for (const mining::Tuple& pair : pairs) {
      for (const PhotoId photo : {pair.query, pair.positive}) {
        if (known.insert(photo).second) needed.push_back(photo);
      }
    }
    const mining::DescriptorPool described(round.photos, needed, round.describe, round.context);
    mining::MinedTuples mined;
    mined.failed = described.failed();
    std::erase_if(pairs, [&](const mining::Tuple& pair) {
      return !described.Has(pair.query) || !described.Has(pair.positive);
    });
    std::erase_if(pool, [&](PhotoId photo) { return !described.Has(photo); });

    mined.photo_distance = described.Spread(pool.size());
    std::vector<PhotoId> queries;
    for (const mining::Tuple& pair : pairs) queries.push_back(pair.query);
    const MinedNegatives negatives =
        MineNegatives(described.Rows(queries), mining::ScenesOf(set, queries), described.First(pool.size()),
                      mining::ScenesOf(set, pool), options_.negatives, ParseNegativeVariant(options_.variant),
                      round.context);
    mined.average_negative_distance = negatives.average_distance;
    for (size_t i = 0; i < pairs.size(); ++i) {
      for (const int64_t row : negatives.rows[i]) pairs[i].negatives.push_back(pool[ToIndex(row)]);
      pairs[i].negative_distances = negatives.distances[i];
      pairs[i].positive_distance = described.Distance(pairs[i].query, pairs[i].positive);
      if (static_cast<int>(pairs[i].negatives.size()) < options_.negatives) ++mined.short_tuples;
      if (!pairs[i].negatives.empty()) mined.tuples.push_back(std::move(pairs[i]));
    }
    VANTAGE_CHECK(!mined.tuples.empty(), "mining found no tuple in the split '", SplitName(split),
                  "': could the photos be read?", mined.failed.empty() ? "" : " The first that failed: ",
                  mined.failed.empty() ? "" : mined.failed.front());
    return mined;
  }

  void CheckMargin(std::optional<double> /*triplet_margin*/) const override {}
  int Negatives() const override { return options_.negatives; }

  int64_t Tuples(const TrainingSetSummary& split, int64_t /*rounds*/) const override {
    return std::min<int64_t>(options_.queries, split.queries);
  }

  // The pool of each round plus the queries and positives, counted as if none were in the pool.
  int64_t Photos(const TrainingSetSummary& split, int64_t rounds) const override {
    const int64_t queries = Tuples(split, rounds) / rounds;
    return rounds *
           std::min<int64_t>(split.photos, std::min<int64_t>(options_.pool, split.photos) + 2 * queries);
  }

 private:
  NegativeMiningOptions options_;
};

NegativeMiningOptions AllNegatives(NegativeMiningOptions options) {
  constexpr int kAll = std::numeric_limits<int>::max();
  options.queries = options.val_queries > 0 ? options.val_queries : kAll;
  options.pool = kAll;
  options.redraw_positives = false;
  return options;
}

}  // namespace

void Declare(OptionsDescription& description, NegativeMiningOptions& options) {
  description.Add("negatives", options.negatives, "Negatives a query").Range(1, 100);
  description
      .Add("variant", options.variant,
           "n1: the nearest photos of other scenes; n2: at most one of each other scene")
      .OneOf({"n1", "n2"});
  description
      .Add("queries", options.queries, "Queries drawn for an epoch, split among its rounds; all if fewer")
      .AtLeast(1);
  description.Add("pool", options.pool, "Photos drawn for an epoch, among which negatives are mined")
      .AtLeast(1);
  description
      .Add("val_queries", options.val_queries, "Queries to validate on, the same in each epoch; 0: all")
      .AtLeast(0);
  description.Add(
      "redraw_positives", options.redraw_positives,
      "Draw positives again in each epoch among the candidates that fit, instead of keeping the set's");
  description
      .Add("min_overlap", options.min_overlap, "Redrawing: least share of the query's points in the positive")
      .Range(0, 1);
  description.Add("max_scale_change", options.max_scale_change, "Redrawing: largest change of scale")
      .AtLeast(1);
}

namespace mining {

MinerRow NegativeMining() {
  return MakeMinerRow<NegativeMiningOptions>(
      "The set's queries with the nearest photos of other scenes (TPAMI 2019)",
      [](const NegativeMiningOptions& options) -> std::unique_ptr<Miner> {
        return std::make_unique<NegativeMiner>(options);
      },
      AllNegatives);
}

}  // namespace mining

}  // namespace vantage
