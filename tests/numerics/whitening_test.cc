// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/whitening.h"

#include <sys/resource.h>

#include <Eigen/Dense>
#include <cmath>
#include <limits>

#include "numerics/pca.h"
#include "serialize/npy.h"
#include "testing/files.h"
#include "util/random.h"

namespace vantage::numerics {
namespace {

using Eigen::MatrixXd;
using ::testing::HasSubstr;
using vantage::testing::ErrorOf;
using vantage::testing::SharedFolder;

MatrixXd ReadMatrix(const std::string& name) {
  const serialize::NpyArray array = serialize::ReadNpy(SharedFolder() / "reference/whitening" / name);
  const std::vector<double> values = array.As<double>();
  using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  return Eigen::Map<const RowMajor>(values.data(), array.shape[0], array.shape[1]);
}

std::vector<int64_t> ReadIndices(const std::string& name) {
  return serialize::ReadNpy(SharedFolder() / "reference/whitening" / name).As<int64_t>();
}

// Applied descriptors agree up to the signs of eigenvectors: their inner products agree.
void ExpectSameInnerProducts(const MatrixXd& rows, const MatrixXd& expected_columns, double tolerance) {
  ASSERT_EQ(rows.rows(), expected_columns.cols());
  ASSERT_EQ(rows.cols(), expected_columns.rows());
  const MatrixXd difference = rows * rows.transpose() - expected_columns.transpose() * expected_columns;
  EXPECT_LT(difference.cwiseAbs().maxCoeff(), tolerance);
}

void ExpectSameRowsUpToSign(const MatrixXd& rows, const MatrixXd& expected) {
  ASSERT_EQ(rows.rows(), expected.rows());
  for (Eigen::Index i = 0; i < expected.rows(); ++i) {
    const double sign = rows.row(i).dot(expected.row(i)) < 0 ? -1 : 1;
    EXPECT_LT((sign * rows.row(i) - expected.row(i)).norm(), 1e-7 * expected.row(i).norm()) << i;
  }
}

TEST(LearnWhitening, AgreesWithCirtorchs) {
  VANTAGE_REQUIRE_SHARED("reference/whitening");
  const MatrixXd x = ReadMatrix("X_64x600_f64.npy").transpose();
  const Whitening whitening = LearnWhitening(x, ReadIndices("qidxs_i64.npy"), ReadIndices("pidxs_i64.npy"));
  EXPECT_LT((whitening.mean - ReadMatrix("lw_m_f64.npy")).cwiseAbs().maxCoeff(), 1e-14);
  ExpectSameInnerProducts(ApplyWhitening(whitening, x), ReadMatrix("lw_applied_f64.npy"), 1e-9);
  ExpectSameInnerProducts(ApplyWhitening(whitening, x, 16), ReadMatrix("lw_applied-16_f64.npy"), 1e-9);
  ExpectSameRowsUpToSign(whitening.projection, ReadMatrix("lw_P_f64.npy"));
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

TEST(LearnPcaWhitening, HasCirtorchsMeanAndRows) {
  VANTAGE_REQUIRE_SHARED("reference/whitening");
  const MatrixXd x = ReadMatrix("X_64x600_f64.npy").transpose();
  const Whitening whitening = LearnPcaWhitening(x);
  EXPECT_LT((whitening.mean - ReadMatrix("pcaw_m_f64.npy")).cwiseAbs().maxCoeff(), 1e-14);
  ExpectSameRowsUpToSign(whitening.projection, ReadMatrix("pcaw_P_f64.npy"));
}

// No published code has the paper's variant. With all its rows, distances are those of cirtorch.
TEST(LearnWhiteningOfPaper, MeasuresTheDistancesOfCirtorchsReference) {
  VANTAGE_REQUIRE_SHARED("reference/whitening");
  const MatrixXd x = ReadMatrix("X_64x600_f64.npy").transpose();
  std::vector<int64_t> scenes;
  for (int64_t i = 0; i < x.rows(); ++i) scenes.push_back(i % 7);
  const Whitening whitening =
      LearnWhiteningOfPaper(x, ReadIndices("qidxs_i64.npy"), ReadIndices("pidxs_i64.npy"), scenes);
  const MatrixXd expected = ReadMatrix("lw_P_f64.npy");
  const MatrixXd product = expected.transpose() * expected;
  EXPECT_LT((whitening.projection.transpose() * whitening.projection - product).norm(),
            1e-8 * product.norm());
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

MatchingPairs PairsOfHalves(int64_t half) {
  MatchingPairs pairs;
  for (int64_t i = 0; i < half; ++i) {
    pairs.queries.push_back(i);
    pairs.positives.push_back(i + half);
  }
  return pairs;
}

// The metric of a whitening, which does not depend on its rotation: the inverse of the covariance.
MatrixXd Metric(const Whitening& whitening) {
  return whitening.projection.transpose() * whitening.projection;
}

TEST(LearnWhitening, OfFloatsIsThatOfDoubles) {
  const DescriptorMatrix x = RandomMatrix(60, 6, 4).cast<float>();
  const MatchingPairs pairs = PairsOfHalves(30);
  std::vector<int64_t> scenes;
  for (int64_t i = 0; i < 60; ++i) scenes.push_back(i % 5);
  const MatrixXd wide = x.cast<double>();
  EXPECT_EQ(LearnWhitening(x, pairs, 0.2).projection,
            LearnWhitening(wide, pairs.queries, pairs.positives, 0.2).projection);
  EXPECT_EQ(LearnWhiteningOfPaper(x, pairs, scenes, 0.2).projection,
            LearnWhiteningOfPaper(wide, pairs.queries, pairs.positives, scenes, 0.2).projection);
}

TEST(LearnWhitening, AWeightCountsAsRepetitions) {
  const DescriptorMatrix x = RandomMatrix(60, 6, 4).cast<float>();
  MatchingPairs weighted = PairsOfHalves(30);
  MatchingPairs repeated = weighted;
  for (size_t i = 0; i < 30; ++i) {
    weighted.weights.push_back(0.25 * static_cast<double>(1 + i % 3));
    for (size_t again = 0; again < i % 3; ++again) {
      repeated.queries.push_back(weighted.queries[i]);
      repeated.positives.push_back(weighted.positives[i]);
    }
  }
  const Whitening actual = LearnWhitening(x, weighted, 0.1);
  const Whitening expected = LearnWhitening(x, repeated, 0.1);
  EXPECT_LT((actual.mean - expected.mean).norm(), 1e-12);
  EXPECT_LT((Metric(actual) - Metric(expected)).norm(), 1e-9 * Metric(expected).norm());
  weighted.weights[3] = 0;
  EXPECT_THAT(ErrorOf([&] { LearnWhitening(x, weighted); }), HasSubstr("a pair's weight of 0"));
  weighted.weights.pop_back();
  EXPECT_THAT(ErrorOf([&] { LearnWhitening(x, weighted); }), HasSubstr("29 weights of 30 pairs"));
}

int64_t PeakMemory() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<int64_t>(usage.ru_maxrss) * 1024;
}

// More pairs than are in memory at once; copies of their descriptors would take 820 MB.
TEST(LearnWhitening, TakesNoMemoryForPairs) {
  const DescriptorMatrix x = RandomMatrix(200, 256, 4).cast<float>();
  const MatchingPairs once = PairsOfHalves(100);
  MatchingPairs often = once;
  for (int i = 1; i < 2000; ++i) {
    often.queries.insert(often.queries.end(), once.queries.begin(), once.queries.end());
    often.positives.insert(often.positives.end(), once.positives.begin(), once.positives.end());
  }
  [[maybe_unused]] const int64_t before = PeakMemory();
  const Whitening actual = LearnWhitening(x, often, 0.5);
#ifndef __SANITIZE_ADDRESS__  // AddressSanitizer does not return freed memory
  EXPECT_LT(PeakMemory() - before, int64_t{250} << 20);
#endif
  const Whitening expected = LearnWhitening(x, once, 0.5);
  EXPECT_LT((Metric(actual) - Metric(expected)).norm(), 1e-9 * Metric(expected).norm());
}

TEST(LearnWhitening, NamesADescriptorThatIsNotFinite) {
  DescriptorMatrix x = RandomMatrix(60, 6, 4).cast<float>();
  x(7, 3) = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THAT(ErrorOf([&] { LearnWhitening(x, PairsOfHalves(30), 0.5); }),
              HasSubstr("descriptor 7 is not finite"));
}

// 20 pairs of 40 photos have no information about most of 64 directions.
TEST(LearnWhitening, WithShrinkageAmplifiesNoDirectionWithoutBound) {
  const DescriptorMatrix x = RandomMatrix(40, 64, 4).cast<float>();
  const MatchingPairs pairs = PairsOfHalves(20);
  double mean_variance = 0;
  for (int64_t i = 0; i < 20; ++i) mean_variance += (x.row(i) - x.row(i + 20)).squaredNorm() / 20 / 64;
  for (const double shrinkage : {0.05, 0.5, 1.0}) {
    const Whitening whitening = LearnWhitening(x, pairs, shrinkage);
    const double gain = Eigen::BDCSVD<MatrixXd>(whitening.projection).singularValues()[0];
    EXPECT_LT(gain, 1.0001 / std::sqrt(shrinkage * mean_variance)) << shrinkage;
  }
}

// Other descriptors of the same distribution vary as much in each direction as those it was learned from.
TEST(LearnPcaWhitening, OfFewerDescriptorsThanDimensionsAmplifiesNoNoise) {
  for (const Eigen::Index count : {8, 30, 60, 64}) {
    const MatrixXd x = RandomMatrix(count, 64, 3);
    const Whitening whitening = LearnPcaWhitening(x);
    EXPECT_EQ(whitening.projection.rows(), count - 1);
    const MatrixXd others =
        (RandomMatrix(500, 64, 9).rowwise() - whitening.mean.transpose()) * whitening.projection.transpose();
    EXPECT_LT(others.colwise().squaredNorm().maxCoeff() / 500, 10) << count;
    // The other implementation does the same.
    const Whitening other = LearnPca(x.cast<float>());
    EXPECT_LT((Metric(other) - Metric(whitening)).norm(), 1e-4 * Metric(whitening).norm());
  }
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
    // P^T P is the inverse of the whitened covariance.
    EXPECT_LT((projection.transpose() * projection * shrunk - MatrixXd::Identity(6, 6)).norm(), 1e-8)
        << shrinkage;
  }
  EXPECT_THAT(ErrorOf([&] { LearnWhitening(x, queries, positives, 1.5); }), HasSubstr("not in [0, 1]"));
}

// Forty descriptors of five scenes; within a scene each matches the next.
struct SceneData {
  MatrixXd x = RandomMatrix(40, 6, 7) * RandomMatrix(6, 6, 8);
  std::vector<int64_t> queries;
  std::vector<int64_t> positives;
  std::vector<int64_t> scenes;

  SceneData() {
    const MatrixXd centers = 3 * RandomMatrix(5, 6, 9);
    for (int64_t i = 0; i < 40; ++i) {
      scenes.push_back(i / 8);
      x.row(i) += centers.row(i / 8);
      if (i % 8 == 7) continue;
      queries.push_back(i);
      positives.push_back(i + 1);
    }
  }

  // The covariance of the differences of all pairs for which `wanted` holds.
  template <typename Wanted>
  MatrixXd Covariance(const Wanted& wanted) const {
    MatrixXd sum = MatrixXd::Zero(6, 6);
    int pairs = 0;
    for (int64_t i = 0; i < 40; ++i) {
      for (int64_t j = 0; j < i; ++j) {
        if (!wanted(i, j)) continue;
        sum += (x.row(i) - x.row(j)).transpose() * (x.row(i) - x.row(j));
        ++pairs;
      }
    }
    return sum / pairs;
  }
};

TEST(LearnWhiteningOfPaper, DiagonalisesBothCovariances) {
  const SceneData data;
  const MatrixXd p = LearnWhiteningOfPaper(data.x, data.queries, data.positives, data.scenes).projection;
  const MatrixXd matching =
      data.Covariance([&](int64_t i, int64_t j) { return i == j + 1 && data.scenes[i] == data.scenes[j]; });
  EXPECT_LT((p * matching * p.transpose() - MatrixXd::Identity(6, 6)).norm(), 1e-9);
  const MatrixXd others = p * data.Covariance([&](int64_t i, int64_t j) {
    return data.scenes[i] != data.scenes[j];
  }) * p.transpose();
  const MatrixXd diagonal = others.diagonal().asDiagonal();
  EXPECT_LT((others - diagonal).norm(), 1e-9 * others.norm());
  for (int i = 0; i < 5; ++i) EXPECT_GT(others(i, i), others(i + 1, i + 1));
}

TEST(LearnWhiteningOfPaper, KeepsWhatTellsScenesApart) {
  const SceneData data;
  // No direction has a larger ratio of the two than its first row.
  const MatrixXd p = LearnWhiteningOfPaper(data.x, data.queries, data.positives, data.scenes).projection;
  const MatrixXd matching =
      data.Covariance([&](int64_t i, int64_t j) { return i == j + 1 && data.scenes[i] == data.scenes[j]; });
  const MatrixXd others =
      data.Covariance([&](int64_t i, int64_t j) { return data.scenes[i] != data.scenes[j]; });
  const auto ratio = [&](const MatrixXd& row) {
    return (row * others * row.transpose())(0, 0) / (row * matching * row.transpose())(0, 0);
  };
  const double best = ratio(p.row(0));
  for (uint64_t seed = 0; seed < 200; ++seed)
    EXPECT_LE(ratio(RandomMatrix(1, 6, 100 + seed)), best * (1 + 1e-9));
}

TEST(LearnWhiteningOfPaper, JittersASingularCovariance) {
  SceneData data;
  data.x.col(5).setZero();
  const Whitening whitening = LearnWhiteningOfPaper(data.x, data.queries, data.positives, data.scenes);
  EXPECT_TRUE(whitening.projection.allFinite());
  const Whitening of_code = LearnWhitening(data.x, data.queries, data.positives);
  const MatrixXd product = whitening.projection.transpose() * whitening.projection;
  const MatrixXd expected = of_code.projection.transpose() * of_code.projection;
  EXPECT_LT((product - expected).norm(), 1e-6 * expected.norm());
}

TEST(LearnWhiteningOfPaper, OneSceneAndWrongCountsAreErrors) {
  SceneData data;
  const std::vector<int64_t> one_scene(40, 3);
  EXPECT_THAT(ErrorOf([&] { LearnWhiteningOfPaper(data.x, data.queries, data.positives, one_scene); }),
              HasSubstr("one scene only"));
  EXPECT_THAT(ErrorOf([&] {
                LearnWhiteningOfPaper(data.x, data.queries, data.positives, {1, 2});
              }),
              HasSubstr("2 scenes of 40 descriptors"));
  data.x(3, 2) = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THAT(ErrorOf([&] { LearnWhiteningOfPaper(data.x, data.queries, data.positives, data.scenes); }),
              HasSubstr("whitening: "));
}

TEST(TruncateWhitening, KeepsTheFirstRows) {
  const MatrixXd x = RandomMatrix(50, 6, 3);
  const Whitening whitening = LearnPcaWhitening(x);
  EXPECT_EQ(ApplyWhitening(TruncateWhitening(whitening, 4), x), ApplyWhitening(whitening, x, 4));
  EXPECT_EQ(TruncateWhitening(whitening, 0).projection.rows(), 6);
  EXPECT_THAT(ErrorOf([&] { TruncateWhitening(whitening, 7); }), HasSubstr("7 dimensions asked for of 6"));
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
}  // namespace vantage::numerics
