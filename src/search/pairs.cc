// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/search/pairs.h"

#include <algorithm>

#include "vantage/search/knn.h"

namespace vantage {

std::vector<std::pair<int64_t, int64_t>> NeighborPairs(const DescriptorMatrix& descriptors, int64_t k,
                                                       const RunContext& context) {
  std::vector<int64_t> described;
  for (Eigen::Index row = 0; row < descriptors.rows(); ++row) {
    if (!descriptors.row(row).isZero(0)) described.push_back(row);
  }
  const DescriptorMatrix rows = descriptors(described, Eigen::all);
  std::vector<std::pair<int64_t, int64_t>> pairs;
  const auto neighbors = NearestNeighbors(rows, rows, k + 1, context);
  for (size_t i = 0; i < neighbors.size(); ++i) {
    int64_t taken = 0;
    for (const Neighbor& neighbor : neighbors[i]) {
      if (neighbor.index == static_cast<int64_t>(i) || taken == k) continue;
      ++taken;
      const int64_t other = described[static_cast<size_t>(neighbor.index)];
      pairs.push_back(std::minmax(described[i], other));
    }
  }
  std::sort(pairs.begin(), pairs.end());
  pairs.erase(std::unique(pairs.begin(), pairs.end()), pairs.end());
  return pairs;
}

}  // namespace vantage
