// SPDX-License-Identifier: BSD-3-Clause
#include "training_set/near_pairs.h"

#include <algorithm>
#include <mutex>
#include <set>
#include <tuple>
#include <utility>

#include "util/index.h"
#include "util/parallel.h"
#include "vantage/search.h"

namespace vantage::training_set {
namespace {

bool Nearer(const NearPair& x, const NearPair& y) {
  return std::tuple(-x.similarity, x.a, x.b) < std::tuple(-y.similarity, y.a, y.b);
}

}  // namespace

std::vector<NearPair> NearestPairs(const DescriptorMatrix& a, const DescriptorMatrix& b, int count) {
  RunContext one_thread;
  one_thread.threads = 1;
  const auto nearest = NearestNeighbors(a, b, 1, one_thread);
  std::vector<NearPair> pairs;
  for (size_t i = 0; i < nearest.size(); ++i) {
    for (const Neighbor& neighbor : nearest[i]) {
      pairs.push_back({static_cast<int64_t>(i), neighbor.index, neighbor.score});
    }
  }
  std::sort(pairs.begin(), pairs.end(), Nearer);
  pairs.resize(std::min(pairs.size(), ToIndex(std::max(0, count))));
  return pairs;
}

std::vector<NearScenes> FindNearScenes(const std::vector<DescriptorMatrix>& scenes, int scene_count,
                                       int pair_count, const RunContext& context) {
  std::vector<NearScenes> all;
  std::vector<std::vector<size_t>> with(scenes.size());  // for each scene the indices of its pairs in `all`
  for (size_t a = 0; a < scenes.size(); ++a) {
    for (size_t b = a + 1; b < scenes.size(); ++b) {
      with[a].push_back(all.size());
      with[b].push_back(all.size());
      all.push_back({a, b, {}});
    }
  }
  std::mutex mutex;
  int64_t done = 0;
  ParallelFor(std::ssize(all), context.ThreadCount(), [&](int64_t i) {
    context.CheckCancelled();
    NearScenes& pair = all[ToIndex(i)];
    pair.photos = NearestPairs(scenes[pair.a], scenes[pair.b], pair_count);
    const std::scoped_lock lock(mutex);
    context.Report({"looking for near scenes", ++done, std::ssize(all), ""});
  });
  const auto similarity = [&](size_t i) { return all[i].photos.empty() ? -2 : all[i].photos[0].similarity; };
  std::set<size_t> chosen;
  for (std::vector<size_t>& places : with) {
    std::stable_sort(places.begin(), places.end(),
                     [&](size_t i, size_t j) { return similarity(i) > similarity(j); });
    places.resize(std::min(places.size(), ToIndex(scene_count)));
    chosen.insert(places.begin(), places.end());
  }
  std::vector<NearScenes> result;
  for (const size_t i : chosen) result.push_back(std::move(all[i]));
  return result;
}

}  // namespace vantage::training_set
