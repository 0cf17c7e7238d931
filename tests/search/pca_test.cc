// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/search/pca.h"

#include "testing/files.h"
#include "vantage/util/random.h"

namespace vantage {
namespace {

using ::testing::HasSubstr;
using vantage::testing::ErrorOf;

// Rows that vary by another amount in each of `rank` directions.
DescriptorMatrix RandomRows(int64_t rows, int64_t columns, int64_t rank) {
  RandomStream random(2, "pca");
  const auto fill = [&](Eigen::MatrixXd& matrix) {
    for (double& value : matrix.reshaped()) value = random.Normal();
  };
  Eigen::MatrixXd weights(rows, rank);
  Eigen::MatrixXd directions(rank, columns);
  fill(weights);
  fill(directions);
  for (int64_t i = 0; i < rank; ++i) weights.col(i) *= 1.0 / static_cast<double>(1 + i);
  return ((weights * directions).array() + 0.3).matrix().cast<float>();
}

class PcaOf : public ::testing::TestWithParam<std::pair<int64_t, int64_t>> {};

TEST_P(PcaOf, IsWhatPcaWhiteningIs) {
  const auto [rows, columns] = GetParam();
  const DescriptorMatrix x = RandomRows(rows, columns, 12);
  const Whitening expected = LearnPcaWhitening(x.cast<double>());
  const Whitening actual = LearnPca(x, {.dimension = 10});
  ASSERT_EQ(actual.projection.rows(), 10);
  EXPECT_LT((actual.mean - expected.mean).norm(), 1e-6);
  // Directions are known but for their sign: so inner products are compared.
  const Eigen::MatrixXd a = ApplyWhitening(actual, x.cast<double>());
  const Eigen::MatrixXd b = ApplyWhitening(expected, x.cast<double>(), 10);
  EXPECT_LT((a * a.transpose() - b * b.transpose()).cwiseAbs().maxCoeff(), 1e-4);
}

TEST_P(PcaOf, WithoutWhiteningIsARotation) {
  const auto [rows, columns] = GetParam();
  const DescriptorMatrix x = RandomRows(rows, columns, 12);
  const Whitening pca = LearnPca(x, {.dimension = 12, .whiten = false});
  const Eigen::MatrixXd& p = pca.projection;
  EXPECT_LT((p * p.transpose() - Eigen::MatrixXd::Identity(12, 12)).cwiseAbs().maxCoeff(), 1e-6);
  const Eigen::MatrixXd centred = x.cast<double>().rowwise() - pca.mean.transpose();
  const Eigen::MatrixXd projected = centred * p.transpose();
  EXPECT_NEAR(projected.squaredNorm(), centred.squaredNorm(), 1e-5 * centred.squaredNorm());
  const Eigen::VectorXd variances = projected.colwise().squaredNorm();
  for (Eigen::Index i = 1; i < 12; ++i) EXPECT_LE(variances[i], variances[i - 1]);
}

TEST_P(PcaOf, RefusesMoreComponentsThanDirections) {
  const auto [rows, columns] = GetParam();
  const DescriptorMatrix flat = DescriptorMatrix::Ones(rows, columns);
  EXPECT_THAT(ErrorOf([&] { LearnPca(flat, {.dimension = 1}); }), HasSubstr("vary in 0 directions"));
  EXPECT_THAT(ErrorOf([&, n = rows, d = columns] {
                LearnPca(RandomRows(n, d, 12), {.dimension = std::min(n, d) + 1});
              }),
              HasSubstr("components of descriptors that vary in"));
}

INSTANTIATE_TEST_SUITE_P(All, PcaOf,
                         ::testing::Values(std::pair<int64_t, int64_t>{200, 30},
                                           std::pair<int64_t, int64_t>{40, 500}),
                         [](const auto& test) { return test.param.first > 100 ? "Tall" : "Wide"; });

}  // namespace
}  // namespace vantage
