// SPDX-License-Identifier: BSD-3-Clause
#include "numerics/pca.h"

#include <Eigen/Eigenvalues>

#include "testing/files.h"
#include "util/random.h"
#include "vantage/descriptors.h"

namespace vantage::numerics {
namespace {

using ::testing::HasSubstr;
using vantage::testing::ErrorOf;
using vantage::testing::TemporaryFolder;

// Rows that vary by a different amount in each of `rank` directions.
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

TEST(Pca, OfADatabaseIsThatOfItsValues) {
  const TemporaryFolder folder;
  const DescriptorMatrix values = RandomRows(3, 4, 2);
  WriteDescriptors({{{"a", "b", "c"}, values}}, folder / "a.npy");
  const DescriptorDatabase file(folder / "a.npy");
  const descriptors::DescriptorRows rows{
      file.size(), file.dimension(), [&](int64_t first, int64_t count) { return file.Read(first, count); }};
  EXPECT_EQ(LearnPca(rows, {.dimension = 1}).projection, LearnPca(values, {.dimension = 1}).projection);
}

class PcaOf : public ::testing::TestWithParam<std::pair<int64_t, int64_t>> {};

TEST_P(PcaOf, IsWhatPcaWhiteningIs) {
  const auto [rows, columns] = GetParam();
  const DescriptorMatrix x = RandomRows(rows, columns, 12);
  const Whitening expected = LearnPcaWhitening(x.cast<double>());
  const Whitening actual = LearnPca(x, {.dimension = 10});
  ASSERT_EQ(actual.projection.rows(), 10);
  EXPECT_LT((actual.mean - expected.mean).norm(), 1e-6);
  // The sign of directions is arbitrary, so inner products are compared.
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

// The largest sine of the angles between two subspaces' directions (rows of unit length).
double LargestSine(const Eigen::MatrixXd& a_KD, const Eigen::MatrixXd& b_KD) {
  const Eigen::MatrixXd rest_KD = a_KD - a_KD * b_KD.transpose() * b_KD;
  return Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd>(rest_KD * rest_KD.transpose())
      .eigenvalues()
      .cwiseMax(0)
      .cwiseSqrt()
      .maxCoeff();
}

Eigen::VectorXd VariancesAlong(const Whitening& pca, const DescriptorMatrix& x) {
  const Eigen::MatrixXd projected =
      (x.cast<double>().rowwise() - pca.mean.transpose()) * pca.projection.transpose();
  return projected.colwise().squaredNorm() / static_cast<double>(x.rows());
}

// The rank is full: no variance vanishes.
class PcaByIteration : public ::testing::TestWithParam<std::pair<int64_t, int64_t>> {
 protected:
  DescriptorMatrix Rows() const { return RandomRows(GetParam().first, GetParam().second, 250); }
  static PcaOptions Iterate(int64_t dimension, int passes) {
    return {.dimension = dimension, .whiten = false, .exact_up_to = 1, .passes = passes};
  }
};

TEST_P(PcaByIteration, ComesToTheExactComponents) {
  const DescriptorMatrix x = Rows();
  const Whitening exact = LearnPca(x, {.dimension = 20, .whiten = false});
  const Whitening found = LearnPca(x, Iterate(20, 6));
  ASSERT_EQ(found.projection.rows(), 20);
  EXPECT_LT((found.mean - exact.mean).norm(), 1e-6);
  EXPECT_LT((found.projection * found.projection.transpose() - Eigen::MatrixXd::Identity(20, 20)).norm(),
            1e-6);
  EXPECT_LT(LargestSine(found.projection, exact.projection), 1e-4);
  const Eigen::VectorXd expected = VariancesAlong(exact, x);
  EXPECT_LT((VariancesAlong(found, x) - expected).cwiseQuotient(expected).cwiseAbs().maxCoeff(), 1e-5);
  // Compares each component, not only their span.
  EXPECT_GT((found.projection * exact.projection.transpose()).diagonal().cwiseAbs().minCoeff(), 1 - 1e-5);
}

TEST_P(PcaByIteration, ComesNearerWithEachPass) {
  const DescriptorMatrix x = Rows();
  const double most = VariancesAlong(LearnPca(x, {.dimension = 20, .whiten = false}), x).sum();
  double lost = most;
  for (const int passes : {1, 2, 3}) {
    const double now = most - VariancesAlong(LearnPca(x, Iterate(20, passes)), x).sum();
    EXPECT_LT(now, 0.5 * lost) << passes << " passes";
    lost = now;
  }
  EXPECT_LT(lost, 1e-3 * most);
}

TEST_P(PcaByIteration, IsTheSameEachTime) {
  const DescriptorMatrix x = Rows();
  const Whitening once = LearnPca(x, Iterate(20, 2));
  EXPECT_EQ(LearnPca(x, Iterate(20, 2), {.threads = 1}).projection, once.projection);
  PcaOptions other = Iterate(20, 2);
  other.seed = 1;
  EXPECT_NE(LearnPca(x, other).projection, once.projection);
}

TEST_P(PcaByIteration, WhitensToo) {
  const DescriptorMatrix x = Rows();
  PcaOptions options = Iterate(20, 3);
  options.whiten = true;
  EXPECT_LT((VariancesAlong(LearnPca(x, options), x).array() - 1).abs().maxCoeff(), 1e-4);
}

TEST_P(PcaByIteration, RefusesMoreComponentsThanDirections) {
  const DescriptorMatrix x = RandomRows(GetParam().first, GetParam().second, 12);
  EXPECT_EQ(LearnPca(x, Iterate(12, 2)).projection.rows(), 12);
  EXPECT_THAT(ErrorOf([&] { LearnPca(x, Iterate(20, 2)); }),
              HasSubstr("20 components of descriptors that vary in"));
  const DescriptorMatrix flat = DescriptorMatrix::Zero(x.rows(), x.cols());
  EXPECT_THAT(ErrorOf([&] { LearnPca(flat, Iterate(1, 2)); }), HasSubstr("vary in 0 directions"));
}

INSTANTIATE_TEST_SUITE_P(All, PcaByIteration,
                         ::testing::Values(std::pair<int64_t, int64_t>{700, 280},
                                           std::pair<int64_t, int64_t>{280, 700}),
                         [](const auto& test) { return test.param.first > 300 ? "Tall" : "Wide"; });

// Long rows that vary in their first elements only.
TEST(PcaOfBlocks, ReadsNoMoreRowsThanItSays) {
  const DescriptorMatrix x = RandomRows(140, 64, 20);
  descriptors::DescriptorRows rows{140, 1 << 17, {}};  // 128 rows a block
  int64_t most = 0;
  rows.read = [&](int64_t first, int64_t count) {
    most = std::max(most, count);
    DescriptorMatrix block = DescriptorMatrix::Zero(count, 1 << 17);
    block.leftCols(64) = x.middleRows(first, count);
    return block;
  };
  const Whitening pca = LearnPca(rows, {.dimension = 10, .whiten = false});
  EXPECT_EQ(most, 128);
  const Whitening expected = LearnPca(x, {.dimension = 10, .whiten = false});
  EXPECT_LT((pca.projection.leftCols(64) - expected.projection).norm(), 1e-6);
  EXPECT_LT((pca.mean.head(64) - expected.mean).norm(), 1e-12);
}

TEST(PcaOfBlocks, StopsWhereItIsToldTo) {
  const DescriptorMatrix x = RandomRows(300, 300, 20);
  EXPECT_THROW(LearnPca(x, {.dimension = 10}, {.is_cancelled = [] { return true; }}), Interrupted);
}

TEST(LearnPca, RefusesOptionsThatMeanNothing) {
  const DescriptorMatrix x = RandomRows(30, 10, 20);
  for (const PcaOptions& options : {PcaOptions{.dimension = -1}, PcaOptions{.exact_up_to = 0},
                                    PcaOptions{.passes = 0}, PcaOptions{.passes = 101}}) {
    EXPECT_THROW(LearnPca(x, options), Error);
  }
}

}  // namespace
}  // namespace vantage::numerics
