// SPDX-License-Identifier: BSD-3-Clause
#include "mining/triplet_miner.h"

#include <algorithm>
#include <map>

#include "mining/descriptor_pool.h"
#include "util/check.h"
#include "util/index.h"
#include "util/random.h"

namespace vantage::mining {
namespace {

// Photos of a round: of scenes in random order so many each, until the pool is full; then in random order, so
// that no scene has the first say.
std::vector<PhotoId> DrawRound(const TrainingSet& set, Split split, const TripletOptions& options,
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

MinedTuples MineTripletRound(const TrainingSet& set, Split split, const std::filesystem::path& photo_root,
                             const DescribePhotos& describe, const MiningOptions& options, uint64_t seed,
                             uint64_t epoch, uint64_t round, const RunContext& context) {
  const uint64_t split_number = split == Split::kTrain ? 0 : 1;
  RandomStream random(seed, "triplet round", {split_number, epoch, round});
  std::vector<PhotoId> photos = DrawRound(set, split, options.difficulty, random);
  const DescriptorPool described(set, photos, photo_root, describe, context);
  MinedTuples mined;
  mined.failed = described.failed();
  std::erase_if(photos, [&](PhotoId photo) { return !described.Has(photo); });
  const MinedTriplets found = MineTriplets(described.First(photos.size()), ScenesOf(set, photos),
                                           options.difficulty, seed, random.Next(), context);
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
  VANTAGE_CHECK(!mined.tuples.empty() || options.rounds > 1,
                "mining by difficulty found no triplet in the split '", SplitName(split),
                "': ", mined.triplets->Text(),
                "; lowest_loss, highest_loss and rank_threshold say what is taken");
  return mined;
}

}  // namespace vantage::mining
