// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/search/pairs.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "vantage/util/random.h"

namespace vantage {
namespace {

TEST(NeighborPairs, AgreeWithBruteForce) {
  RandomStream random(3, "pairs");
  DescriptorMatrix values(23, 6);
  for (Eigen::Index i = 0; i < values.size(); ++i)
    values.data()[i] = static_cast<float>(random.Uniform() - 0.5);
  NormalizeRows(values);
  values.row(4).setZero();
  values.row(9) = values.row(8);
  for (const int64_t k : {1, 3, 22, 50}) {
    std::set<std::pair<int64_t, int64_t>> expected;
    for (int64_t a = 0; a < values.rows(); ++a) {
      if (a == 4) continue;
      std::vector<std::pair<float, int64_t>> others;
      for (int64_t b = 0; b < values.rows(); ++b) {
        if (b != a && b != 4) others.emplace_back(-values.row(a).dot(values.row(b)), b);
      }
      std::sort(others.begin(), others.end());
      for (size_t i = 0; i < std::min<size_t>(others.size(), static_cast<size_t>(k)); ++i) {
        expected.insert(std::minmax(a, others[i].second));
      }
    }
    const auto pairs = NeighborPairs(values, k);
    EXPECT_EQ(pairs.size(), expected.size());
    EXPECT_TRUE(std::equal(pairs.begin(), pairs.end(), expected.begin(), expected.end())) << k;
  }
  EXPECT_TRUE(NeighborPairs(DescriptorMatrix(0, 4), 3).empty());
  EXPECT_TRUE(NeighborPairs(DescriptorMatrix::Ones(1, 4), 3).empty());
}

}  // namespace
}  // namespace vantage
