// SPDX-License-Identifier: BSD-3-Clause
#include "mining/miners/triplet_round.h"

#include <algorithm>
#include <limits>
#include <map>

#include "mining/descriptor_pool.h"
#include "util/check.h"
#include "util/index.h"
#include "util/random.h"

namespace vantage::mining {
namespace {

// Draws per_class photos of each scene, scenes in random order, until the pool is full. Shuffles them, so
// that no scene is preferred when triplets are chosen.
std::vector<PhotoId> DrawRound(const TrainingSet& set, Split split, const TripletRoundOptions& options,
                               RandomStream& random) {
  std::map<SceneId, std::vector<PhotoId>> of_scene;
  for (size_t i = 0; i < set.photos.size(); ++i) {
    const auto photo = PhotoId{static_cast<int64_t>(i)};
    if (set.SplitOf(photo) == split) of_scene[set.photos[i].scene].push_back(photo);
  }
  std::vector<SceneId> scenes;
  for (const auto& [scene, photos] : of_scene) {
    if (photos.size() >= 2) scenes.push_back(scene);
  }
  random.Shuffle(scenes);
  std::vector<PhotoId> drawn;
  for (const SceneId scene : scenes) {
    const std::vector<PhotoId>& photos = of_scene[scene];
    const int64_t count = std::min<int64_t>(options.per_class, options.pool - std::ssize(drawn));
    if (count < 2) break;
    for (const int64_t i : random.Sample(std::ssize(photos), count)) drawn.push_back(photos[ToIndex(i)]);
  }
  random.Shuffle(drawn);
  return drawn;
}

}  // namespace

MinedTuples MineTripletRound(const Round& round, const TripletRoundOptions& options,
                             const FindTriplets& find) {
  const uint64_t split_number = round.split == Split::kTrain ? 0 : 1;
  RandomStream random(round.seed, "triplet round",
                      {split_number, round.epoch, static_cast<uint64_t>(round.number)});
  std::vector<PhotoId> photos = DrawRound(round.set, round.split, options, random);
  const DescriptorPool described(round.photos, photos, round.describe, round.context);
  MinedTuples mined;
  mined.failed = described.failed();
  std::erase_if(photos, [&](PhotoId photo) { return !described.Has(photo); });
  const MinedTriplets found =
      find(described.First(photos.size()), ScenesOf(round.set, photos), random.Next());
  mined.triplets = found.statistics;
  mined.photo_distance = described.Spread(photos.size());
  for (const Triplet& triplet : found.triplets) {
    const auto photo = [&](int64_t row) { return photos[ToIndex(row)]; };
    mined.tuples.push_back({.query = photo(triplet.anchor),
                            .positive = photo(triplet.positive),
                            .negatives = {photo(triplet.negative)},
                            .negative_distances = {triplet.negative_distance},
                            .positive_distance = triplet.positive_distance});
    mined.average_negative_distance += triplet.negative_distance / static_cast<double>(found.triplets.size());
  }
  VANTAGE_CHECK(!mined.tuples.empty() || round.rounds > 1, "mining found no triplet in the split '",
                SplitName(round.split), "': ", mined.triplets->Text(),
                "; lowest_loss, highest_loss and rank_threshold decide which are taken");
  return mined;
}

double RequireMargin(std::optional<double> triplet_margin) {
  if (!triplet_margin) {
    throw UsageError(
        "mining triplets measures them by the loss's margin, and this loss has none: take loss.kind = "
        "\"triplet\", or mining.kind = \"negatives\"");
  }
  return *triplet_margin;
}

int64_t TripletsOf(const TripletRoundOptions& options, const TrainingSetSummary& split) {
  const int64_t anchors = options.one_per_class ? split.scenes : split.photos;
  return std::min<int64_t>({options.triplets, options.pool, anchors});
}

int64_t PhotosOf(const TripletRoundOptions& options, const TrainingSetSummary& split) {
  return std::min<int64_t>({options.pool, split.photos, split.scenes * options.per_class});
}

TripletRoundOptions AllTriplets(TripletRoundOptions options) {
  options.lowest_loss = -10;  // the options' bounds, which no loss exceeds
  options.highest_loss = 10;
  options.one_per_class = false;
  options.triplets = std::numeric_limits<int>::max();
  return options;
}

}  // namespace vantage::mining
