// SPDX-License-Identifier: BSD-3-Clause
#include "mining/triplet_miner.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "mining/described_photos.h"
#include "vantage/util/error.h"
#include "vantage/util/random.h"

namespace vantage {
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
    const int64_t count =
        std::min<int64_t>(options.per_class, options.pool - static_cast<int64_t>(drawn.size()));
    if (count < 2) break;
    for (const int64_t i : random.Sample(static_cast<int64_t>(photos.size()), count))
      drawn.push_back(photos[static_cast<size_t>(i)]);
  }
  random.Shuffle(drawn);
  return drawn;
}

}  // namespace

MinedTuples MineTripletEpoch(const TrainingSet& set, Split split, const std::filesystem::path& photo_root,
                             const DescribePhotos& describe, const TripletOptions& options, uint64_t seed,
                             uint64_t epoch, const RunContext& context) {
  MinedTuples mined;
  mined.triplets.emplace();
  double distance_sum = 0;
  for (int round = 0; round < options.rounds; ++round) {
    const uint64_t split_number = split == Split::kTrain ? 0 : 1;
    RandomStream random(seed, "triplet round", {split_number, epoch, static_cast<uint64_t>(round)});
    std::vector<PhotoId> photos = DrawRound(set, split, options, random);
    const DescribedPhotos described(set, photos, photo_root, describe, context);
    mined.failed.insert(mined.failed.end(), described.failed().begin(), described.failed().end());
    std::erase_if(photos, [&](PhotoId photo) { return !described.Has(photo); });
    const MinedTriplets found = MineTriplets(described.First(photos.size()), ScenesOf(set, photos), options,
                                             seed, random.Next(), context);
    *mined.triplets += found.statistics;
    mined.photo_distance = std::fmax(mined.photo_distance, described.Spread(photos.size()));
    for (const Triplet& triplet : found.triplets) {
      const auto photo = [&](int64_t row) { return photos[static_cast<size_t>(row)]; };
      mined.tuples.push_back({.query = photo(triplet.anchor),
                              .positive = photo(triplet.positive),
                              .negatives = {photo(triplet.negative)},
                              .negative_distances = {triplet.negative_distance},
                              .positive_distance = triplet.positive_distance});
      distance_sum += triplet.negative_distance;
    }
  }
  VANTAGE_CHECK(!mined.tuples.empty(), "mining by difficulty found no triplet in the split '",
                SplitName(split), "': ", mined.triplets->Text(),
                "; lowest_loss, highest_loss and rank_threshold say what is taken");
  mined.average_negative_distance = distance_sum / static_cast<double>(mined.tuples.size());
  return mined;
}

}  // namespace vantage
