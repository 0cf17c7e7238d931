// SPDX-License-Identifier: BSD-3-Clause
#include "tuples/near_pairs.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "vantage/util/parallel.h"

namespace vantage {
namespace {

// Similarities held at a time: 16 MiB.
constexpr int64_t kSimilarities = int64_t{1} << 22;

bool Nearer(const NearPair& x, const NearPair& y) {
  return std::tuple(-x.similarity, x.a, x.b) < std::tuple(-y.similarity, y.a, y.b);
}

}  // namespace

std::vector<NearPair> NearestPairs(const DescriptorMatrix& a, const DescriptorMatrix& b, int count) {
  std::vector<NearPair> pairs;
  if (b.rows() == 0) return pairs;
  const int64_t block = std::max<int64_t>(1, kSimilarities / b.rows());
  DescriptorMatrix similarities;
  for (int64_t first = 0; first < a.rows(); first += block) {
    const int64_t rows = std::min(block, a.rows() - first);
    similarities.noalias() = a.middleRows(first, rows) * b.transpose();
    for (int64_t i = 0; i < rows; ++i) {
      Eigen::Index nearest = 0;
      const float similarity = similarities.row(i).maxCoeff(&nearest);
      pairs.push_back({first + i, nearest, similarity});
    }
  }
  std::sort(pairs.begin(), pairs.end(), Nearer);
  pairs.resize(std::min(pairs.size(), static_cast<size_t>(std::max(0, count))));
  return pairs;
}

std::vector<NearScenes> FindNearScenes(const std::vector<DescriptorMatrix>& scenes, int scene_count,
                                       int pair_count, const RunContext& context) {
  // The nearest pair of each two scenes.
  const auto count = static_cast<int64_t>(scenes.size());
  std::vector<std::vector<float>> nearest(scenes.size(), std::vector<float>(scenes.size(), -2));
  ParallelFor(count, context.ThreadCount(), [&](int64_t a) {
    context.CheckCancelled();
    for (int64_t b = a + 1; b < count; ++b) {
      const std::vector<NearPair> best =
          NearestPairs(scenes[static_cast<size_t>(a)], scenes[static_cast<size_t>(b)], 1);
      if (!best.empty()) nearest[static_cast<size_t>(a)][static_cast<size_t>(b)] = best[0].similarity;
    }
  });
  std::set<std::pair<size_t, size_t>> chosen;
  for (size_t a = 0; a < scenes.size(); ++a) {
    std::vector<std::pair<float, size_t>> others;
    for (size_t b = 0; b < scenes.size(); ++b) {
      if (b != a) others.emplace_back(-nearest[std::min(a, b)][std::max(a, b)], b);
    }
    std::sort(others.begin(), others.end());
    others.resize(std::min(others.size(), static_cast<size_t>(scene_count)));
    for (const auto& [similarity, b] : others) chosen.insert(std::minmax(a, b));
  }
  std::vector<NearScenes> result;
  for (const auto& [a, b] : chosen) {
    result.push_back({a, b, NearestPairs(scenes[a], scenes[b], pair_count)});
  }
  return result;
}

}  // namespace vantage
