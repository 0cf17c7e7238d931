// SPDX-License-Identifier: BSD-3-Clause
#include "report/shown.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "util/index.h"
#include "util/random.h"

namespace vantage::report {
namespace {

std::vector<CandidatePositive> ChooseCandidates(const TrainingQuery& query, int count) {
  std::vector<CandidatePositive> chosen = query.candidates;
  const auto is_positive = [&](const CandidatePositive& candidate) {
    return candidate.photo == query.positive;
  };
  // Imported sets have positives that are not candidates.
  if (std::none_of(chosen.begin(), chosen.end(), is_positive)) chosen.push_back({.photo = query.positive});
  std::stable_sort(chosen.begin(), chosen.end(), [&](const CandidatePositive& a, const CandidatePositive& b) {
    if (is_positive(a) != is_positive(b)) return is_positive(a);
    return a.shared_points > b.shared_points;
  });
  chosen.resize(std::min(chosen.size(), ToIndex(count)));
  return chosen;
}

// `count` of the places 0 .. n - 1, evenly spread; all if n <= count.
std::vector<size_t> Spread(size_t n, size_t count) {
  std::vector<size_t> places;
  for (size_t i = 0; i < std::min(n, count); ++i) places.push_back(n <= count ? i : i * n / count);
  return places;
}

// The number of `count` queries to show of the split: in proportion, at least one of each split that has
// queries.
int64_t QueriesOfSplit(const TrainingSet& set, Split split, int64_t count) {
  const int64_t train = Summarize(set, Split::kTrain).queries;
  const int64_t val = Summarize(set, Split::kVal).queries;
  if (train == 0 || val == 0) return count;
  const int64_t of_val = std::clamp(count * val / (train + val), int64_t{1}, std::max<int64_t>(1, count - 1));
  return split == Split::kVal ? of_val : count - of_val;
}

}  // namespace

std::vector<ShownQuery> ChooseQueries(const TrainingSet& set, const ReportNegatives* negatives,
                                      const TrainingSetReportOptions& options) {
  std::map<PhotoId, const QueryNegatives*> mined;
  if (negatives) {
    for (const QueryNegatives& entry : negatives->queries) mined[entry.query] = &entry;
  }
  const auto split_was_mined = [&](Split split) {
    return std::any_of(mined.begin(), mined.end(),
                       [&](const auto& entry) { return set.SplitOf(entry.first) == split; });
  };
  std::vector<size_t> chosen;
  for (const Split split : {Split::kTrain, Split::kVal}) {
    const bool only_mined = split_was_mined(split);
    std::vector<size_t> available;
    for (size_t i = 0; i < set.queries.size(); ++i) {
      const PhotoId photo = set.queries[i].photo;
      if (set.SplitOf(photo) != split) continue;
      if (!only_mined || mined.count(photo) == 1) available.push_back(i);
    }
    const int64_t count = QueriesOfSplit(set, split, options.queries);
    RandomStream random(static_cast<uint64_t>(options.seed), "report", {split == Split::kTrain ? 0U : 1U});
    for (const int64_t place : random.Sample(std::ssize(available), count)) {
      chosen.push_back(available[ToIndex(place)]);
    }
  }
  std::sort(chosen.begin(), chosen.end(), [&](size_t a, size_t b) {
    const auto key = [&](size_t i) {
      const PhotoId photo = set.queries[i].photo;
      return std::tuple(set.photos[IndexOf(photo)].scene, photo, i);
    };
    return key(a) < key(b);
  });

  std::vector<ShownQuery> queries;
  for (const size_t i : chosen) {
    const TrainingQuery& query = set.queries[i];
    ShownQuery& shown = queries.emplace_back();
    shown.query = &query;
    shown.candidates = ChooseCandidates(query, options.candidates);
    const auto found = mined.find(query.photo);
    if (found == mined.end()) continue;
    shown.negatives = found->second->negatives;
    shown.positive_distance = found->second->positive_distance;
    shown.negatives.resize(std::min(shown.negatives.size(), ToIndex(options.negatives)));
  }
  return queries;
}

std::vector<ShownScene> ChooseScenes(const TrainingSet& set, const TrainingSetReportOptions& options) {
  std::vector<ShownScene> scenes(set.scenes.size());
  for (size_t i = 0; i < scenes.size(); ++i) scenes[i].scene = SceneId{static_cast<int64_t>(i)};
  std::vector<std::vector<PhotoId>> photos(set.scenes.size());
  for (size_t i = 0; i < set.photos.size(); ++i) {
    photos[IndexOf(set.photos[i].scene)].push_back(PhotoId{static_cast<int64_t>(i)});
  }
  for (const TrainingQuery& query : set.queries) {
    ShownScene& scene = scenes[IndexOf(set.photos[IndexOf(query.photo)].scene)];
    ++scene.queries;
    scene.candidates += std::ssize(query.candidates);
  }
  for (size_t i = 0; i < scenes.size(); ++i) scenes[i].photos = std::ssize(photos[i]);
  for (const size_t i : Spread(scenes.size(), ToIndex(options.scenes))) {
    for (const size_t place : Spread(photos[i].size(), ToIndex(options.scene_photos))) {
      scenes[i].shown.push_back(photos[i][place]);
    }
  }
  return scenes;
}

std::vector<PhotoId> PhotosToShow(const std::vector<ShownQuery>& queries,
                                  const std::vector<ShownScene>& scenes) {
  std::vector<PhotoId> photos;
  std::set<PhotoId> known;
  const auto add = [&](PhotoId photo) {
    if (known.insert(photo).second) photos.push_back(photo);
  };
  for (const ShownQuery& query : queries) {
    add(query.query->photo);
    for (const CandidatePositive& candidate : query.candidates) add(candidate.photo);
    for (const NegativeMatch& negative : query.negatives) add(negative.photo);
  }
  for (const ShownScene& scene : scenes) {
    for (const PhotoId photo : scene.shown) add(photo);
  }
  return photos;
}

}  // namespace vantage::report
