// SPDX-License-Identifier: BSD-3-Clause
#include "numerics/kmeans.h"

#include <algorithm>
#include <numeric>

#include "testing/files.h"
#include "util/random.h"

namespace vantage::numerics {
namespace {

using vantage::testing::ErrorOf;

// `count` points around each of some centres, far apart; the i-th centre gets i more.
DescriptorMatrix Clouds(int centres, int count, double spread) {
  std::vector<float> values;
  RandomStream random(3, "clouds");
  for (int c = 0; c < centres; ++c) {
    for (int i = 0; i < count + c; ++i) {
      for (int d = 0; d < 4; ++d)
        values.push_back(static_cast<float>((c >> d & 1) * 10 + (d == 0 ? c : 0) + spread * random.Normal()));
    }
  }
  return Eigen::Map<const DescriptorMatrix>(values.data(), static_cast<Eigen::Index>(values.size() / 4), 4);
}

TEST(KMeans, FindsCloudsThatLieApart) {
  const DescriptorMatrix points = Clouds(8, 30, 0.1);
  const KMeansResult result = KMeans(points, {.clusters = 8, .seed = 5});
  EXPECT_EQ(result.sizes, (std::vector<int64_t>{37, 36, 35, 34, 33, 32, 31, 30}));
  EXPECT_LT(result.mean_squared_distance, 4 * 0.1 * 0.1 * 1.2);
  const DescriptorMatrix last = points.bottomRows(37);  // the largest cloud
  EXPECT_LT((result.centers.row(0) - last.colwise().mean()).norm(), 1e-4);
}

TEST(KMeans, EndsWhereCentresAreMeansOfTheirPoints) {
  const DescriptorMatrix points = Clouds(8, 40, 3);  // clouds that run into each other
  const KMeansResult result = KMeans(points, {.clusters = 5, .iterations = 1000, .seed = 1});
  ASSERT_LT(result.iterations, 1000);
  DescriptorMatrix sums = DescriptorMatrix::Zero(5, 4);
  std::vector<int64_t> sizes(5);
  double squared = 0;
  for (Eigen::Index i = 0; i < points.rows(); ++i) {
    Eigen::Index nearest = 0;
    squared += (result.centers.rowwise() - points.row(i)).rowwise().squaredNorm().minCoeff(&nearest);
    sums.row(nearest) += points.row(i);
    ++sizes[static_cast<size_t>(nearest)];
  }
  EXPECT_EQ(sizes, result.sizes);
  EXPECT_TRUE(std::is_sorted(sizes.rbegin(), sizes.rend()));
  for (Eigen::Index k = 0; k < 5; ++k)
    EXPECT_LT(
        (sums.row(k) / static_cast<float>(sizes[static_cast<size_t>(k)]) - result.centers.row(k)).norm(),
        1e-4);
  EXPECT_NEAR(result.mean_squared_distance, squared / static_cast<double>(points.rows()), 1e-4);
  const KMeansResult one_round = KMeans(points, {.clusters = 5, .iterations = 1, .seed = 1});
  EXPECT_GE(one_round.mean_squared_distance, result.mean_squared_distance - 1e-9);
}

TEST(KMeans, DependsOnTheSeedAndNotOnTheThreads) {
  const DescriptorMatrix points = Clouds(8, 500, 3);
  RunContext one;
  one.threads = 1;
  RunContext three;
  three.threads = 3;
  const KMeansOptions options{.clusters = 20, .seed = 4};
  const KMeansResult result = KMeans(points, options, one);
  EXPECT_EQ(KMeans(points, options, three).centers, result.centers);
  EXPECT_NE(KMeans(points, {.clusters = 20, .seed = 5}, one).centers, result.centers);
}

TEST(KMeans, GivesEachClusterAPoint) {
  const DescriptorMatrix points = Clouds(3, 4, 1);
  EXPECT_EQ(KMeans(points, {.clusters = 15}).sizes, std::vector<int64_t>(15, 1));
  EXPECT_NEAR(KMeans(points, {.clusters = 15}).mean_squared_distance, 0, 1e-12);
  EXPECT_THAT(ErrorOf([&] { KMeans(points, {.clusters = 16}); }), ::testing::HasSubstr("15 points into 16"));
  const DescriptorMatrix equal = DescriptorMatrix::Ones(10, 4);
  EXPECT_EQ(KMeans(equal, {.clusters = 3}).centers, DescriptorMatrix::Ones(3, 4));
}

TEST(KMeans, RefusesOptionsThatMeanNothing) {
  const DescriptorMatrix points = Clouds(3, 4, 1);
  EXPECT_THAT(ErrorOf([&] { KMeans(points, {.clusters = 0}); }), ::testing::HasSubstr("0 clusters"));
  EXPECT_THAT(ErrorOf([&] { KMeans(points, {.clusters = 2, .iterations = 0}); }),
              ::testing::HasSubstr("0 iterations"));
}

}  // namespace
}  // namespace vantage::numerics
