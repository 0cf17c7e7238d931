// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/search/whitening.h"

#include <Eigen/Dense>

#include "testing/files.h"
#include "vantage/serialize/npy.h"
#include "vantage/util/random.h"

namespace vantage {
namespace {

using Eigen::MatrixXd;
using ::testing::HasSubstr;
using vantage::testing::ErrorOf;
using vantage::testing::SharedFolder;

MatrixXd ReadMatrix(const std::string& name) {
  const NpyArray array = ReadNpy(SharedFolder() / "reference/whitening" / name);
  const std::vector<double> values = array.As<double>();
  using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  return Eigen::Map<const RowMajor>(values.data(), array.shape[0], array.shape[1]);
}

std::vector<int64_t> ReadIndices(const std::string& name) {
  return ReadNpy(SharedFolder() / "reference/whitening" / name).As<int64_t>();
}

// Applied descriptors agree up to the signs of eigenvectors: their inner products agree.
void ExpectSameInnerProducts(const MatrixXd& rows, const MatrixXd& expected_columns, double tolerance) {
  ASSERT_EQ(rows.rows(), expected_columns.cols());
  ASSERT_EQ(rows.cols(), expected_columns.rows());
  const MatrixXd difference = rows * rows.transpose() - expected_columns.transpose() * expected_columns;
  EXPECT_LT(difference.cwiseAbs().maxCoeff(), tolerance);
}

TEST(LearnWhitening, AgreesWithCirtorchs) {
  VANTAGE_REQUIRE_SHARED("reference/whitening");
  const MatrixXd x = ReadMatrix("X_64x600_f64.npy").transpose();
  const Whitening whitening = LearnWhitening(x, ReadIndices("qidxs_i64.npy"), ReadIndices("pidxs_i64.npy"));
  EXPECT_LT((whitening.mean - ReadMatrix("lw_m_f64.npy")).cwiseAbs().maxCoeff(), 1e-14);
  ExpectSameInnerProducts(ApplyWhitening(whitening, x), ReadMatrix("lw_applied_f64.npy"), 1e-9);
  ExpectSameInnerProducts(ApplyWhitening(whitening, x, 16), ReadMatrix("lw_applied-16_f64.npy"), 1e-9);
  // Row by row up to sign.
  const MatrixXd expected = ReadMatrix("lw_P_f64.npy");
  for (Eigen::Index i = 0; i < expected.rows(); ++i) {
    const double sign = whitening.projection.row(i).dot(expected.row(i)) < 0 ? -1 : 1;
    EXPECT_LT((sign * whitening.projection.row(i) - expected.row(i)).norm(), 1e-7 * expected.row(i).norm())
        << i;
  }
}

TEST(LearnWhitening, JittersASingularCovarianceAsCirtorchDoes) {
  VANTAGE_REQUIRE_SHARED("reference/whitening/singular_P_f64.npy");
  MatrixXd x = ReadMatrix("X_64x600_f64.npy").transpose();
  x.rightCols(4).setZero();
  const Whitening whitening = LearnWhitening(x, ReadIndices("qidxs_i64.npy"), ReadIndices("pidxs_i64.npy"));
  const MatrixXd expected = ReadMatrix("singular_P_f64.npy");
  // P^T P does not depend on the eigenvectors.
  const MatrixXd expected_product = expected.transpose() * expected;
  EXPECT_LT((whitening.projection.transpose() * whitening.projection - expected_product).norm(),
            1e-6 * expected_product.norm());
}

TEST(LearnPcaWhitening, AgreesWithCirtorchs) {
  VANTAGE_REQUIRE_SHARED("reference/whitening");
  const MatrixXd x = ReadMatrix("X_64x600_f64.npy").transpose();
  const Whitening whitening = LearnPcaWhitening(x);
  ExpectSameInnerProducts(ApplyWhitening(whitening, x), ReadMatrix("pcaw_applied_f64.npy"), 1e-9);
  ExpectSameInnerProducts(ApplyWhitening(whitening, x, 16), ReadMatrix("pcaw_applied-16_f64.npy"), 1e-9);
}

MatrixXd RandomMatrix(Eigen::Index rows, Eigen::Index columns, uint64_t seed) {
  RandomStream random(seed, "matrix");
  return MatrixXd::NullaryExpr(rows, columns, [&] { return random.Normal(); });
}

TEST(LearnWhitening, MakesMatchingDifferencesWhite) {
  const MatrixXd x = RandomMatrix(300, 8, 1) * RandomMatrix(8, 8, 2);
  std::vector<int64_t> queries;
  std::vector<int64_t> positives;
  for (int64_t i = 0; i < 150; ++i) {
    queries.push_back(i);
    positives.push_back(i + 150);
  }
  const Whitening whitening = LearnWhitening(x, queries, positives);
  const MatrixXd differences = (x.topRows(150) - x.bottomRows(150)) * whitening.projection.transpose();
  EXPECT_LT((differences.transpose() * differences / 150 - MatrixXd::Identity(8, 8)).norm(), 1e-9);
}

TEST(LearnWhitening, ShrinkageDrawsTheCovarianceTowardsASphere) {
  const MatrixXd x = RandomMatrix(60, 6, 4) * RandomMatrix(6, 6, 5);
  std::vector<int64_t> queries;
  std::vector<int64_t> positives;
  for (int64_t i = 0; i < 30; ++i) {
    queries.push_back(i);
    positives.push_back(i + 30);
  }
  const MatrixXd differences = x.topRows(30) - x.bottomRows(30);
  const MatrixXd covariance = differences.transpose() * differences / 30;
  for (const double shrinkage : {0.0, 0.3, 1.0}) {
    const MatrixXd projection = LearnWhitening(x, queries, positives, shrinkage).projection;
    const MatrixXd shrunk =
        (1 - shrinkage) * covariance + shrinkage * covariance.trace() / 6 * MatrixXd::Identity(6, 6);
    // P^T P is the inverse of what was whitened.
    EXPECT_LT((projection.transpose() * projection * shrunk - MatrixXd::Identity(6, 6)).norm(), 1e-8)
        << shrinkage;
  }
  EXPECT_THAT(ErrorOf([&] { LearnWhitening(x, queries, positives, 1.5); }), HasSubstr("not in [0, 1]"));
}

TEST(ApplyWhitening, ScalesToUnitLengthAndChecksDimensions) {
  const MatrixXd x = RandomMatrix(50, 6, 3);
  const Whitening whitening = LearnPcaWhitening(x);
  const MatrixXd applied = ApplyWhitening(whitening, x, 4);
  EXPECT_EQ(applied.cols(), 4);
  EXPECT_LT((applied.rowwise().norm().array() - 1).abs().maxCoeff(), 1e-5);
  EXPECT_THAT(ErrorOf([&] { ApplyWhitening(whitening, RandomMatrix(3, 5, 1)); }),
              HasSubstr("of 6 dimensions, not 5"));
  EXPECT_THAT(ErrorOf([&] { ApplyWhitening(whitening, x, 7); }), HasSubstr("7 dimensions asked for of 6"));
}

TEST(LearnWhitening, WrongPairsAreErrors) {
  const MatrixXd x = RandomMatrix(10, 3, 1);
  EXPECT_THAT(ErrorOf([&] { LearnWhitening(x, {}, {}); }), HasSubstr("make no pairs"));
  EXPECT_THAT(ErrorOf([&] { LearnWhitening(x, {1}, {10}); }), HasSubstr("names descriptor 10 of 10"));
}

}  // namespace
}  // namespace vantage
