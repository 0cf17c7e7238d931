// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/whitening.h"

#include <Eigen/Cholesky>

#include <limits>
#include <numeric>

#include "numerics/pca_components.h"
#include "numerics/symmetric_eigen.h"
#include "numerics/whitening_statistics.h"
#include "util/check.h"
#include "util/index.h"
#include "util/log.h"
#include "vantage/run_context.h"

namespace vantage {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr double kNormEpsilon = 1e-6;
constexpr double kFirstJitter = 1e-10;
constexpr double kLastJitter = 1.0;

constexpr const char* kNotFactorised =
    "whitening: the covariance of matching pairs cannot be factorised; are the descriptors finite?";

double NextJitter(double jitter) { return jitter == 0 ? kFirstJitter : 10 * jitter; }

void LogJitter(double jitter) {
  if (jitter == 0) return;
  LogWarning("whitening: matching pairs do not differ in all directions; ", jitter,
             " was added to the diagonal of their covariance, and the directions in which they do not differ "
             "get the largest "
             "weights. A shrinkage above 0 prevents that");
}

// The lower Cholesky factor of S + alpha I for the first alpha of 0, 1e-10, 1e-9, ... for which it exists.
MatrixXd CholeskyWithJitter(const MatrixXd& covariance) {
  for (double jitter = 0; jitter <= kLastJitter; jitter = NextJitter(jitter)) {
    MatrixXd shifted = covariance;
    shifted.diagonal().array() += jitter;
    const Eigen::LLT<MatrixXd> factorization(shifted);
    if (factorization.info() != Eigen::Success) continue;
    LogJitter(jitter);
    return factorization.matrixL();
  }
  throw Error(kNotFactorised);
}

// Eigenvalues in decreasing order, and their eigenvectors as columns.
std::pair<VectorXd, MatrixXd> DecreasingEigenvectors(const MatrixXd& symmetric) {
  const numerics::SymmetricEigen solution =
      numerics::SolveSymmetric(symmetric, "whitening: the eigenvalues did not converge");
  return {solution.values.reverse(), solution.vectors.rowwise().reverse()};
}

// (1 - shrinkage) S + shrinkage * (mean variance) I.
MatrixXd Shrunk(MatrixXd covariance, double shrinkage) {
  const double mean_variance = covariance.trace() / static_cast<double>(covariance.rows());
  covariance *= 1 - shrinkage;
  covariance.diagonal().array() += shrinkage * mean_variance;
  return covariance;
}

void CheckShrinkage(double shrinkage) {
  VANTAGE_CHECK(shrinkage >= 0 && shrinkage <= 1, "whitening: a shrinkage of ", shrinkage,
                " is not in [0, 1]");
}

std::vector<int64_t> AllRows(const numerics::IndexedDescriptors& descriptors) {
  std::vector<int64_t> rows(ToIndex(descriptors.size));
  std::iota(rows.begin(), rows.end(), 0);
  return rows;
}

// S^(-1/2). If S is not safely positive definite, (S + alpha I)^(-1/2) with alpha as in CholeskyWithJitter.
MatrixXd InverseRoot(const MatrixXd& covariance) {
  const auto [eigenvalues, eigenvectors] = DecreasingEigenvectors(covariance);
  const Index last = eigenvalues.size() - 1;
  const double rounding =
      static_cast<double>(eigenvalues.size()) * std::numeric_limits<double>::epsilon() * eigenvalues[0];
  for (double jitter = 0; jitter <= kLastJitter; jitter = NextJitter(jitter)) {
    if (!(eigenvalues[last] + jitter > rounding)) continue;
    LogJitter(jitter);
    return eigenvectors * (eigenvalues.array() + jitter).sqrt().inverse().matrix().asDiagonal() *
           eigenvectors.transpose();
  }
  throw Error(kNotFactorised);
}

Whitening LearnOfCode(const numerics::IndexedDescriptors& descriptors, const MatchingPairs& pairs,
                      double shrinkage) {
  CheckShrinkage(shrinkage);
  numerics::WhiteningStatistics statistics = numerics::StatisticsOf(
      descriptors, pairs, AllRows(descriptors), numerics::CentreOf::kQueries, numerics::SpreadOf::kRows);
  const MatrixXd factor = CholeskyWithJitter(Shrunk(std::move(statistics.matching), shrinkage));
  const auto lower = factor.triangularView<Eigen::Lower>();
  // The covariance of L^(-1) (x - m) over all descriptors is L^(-1) C L^(-T).
  lower.solveInPlace(statistics.spread);
  MatrixXd whitened = statistics.spread.transpose();
  lower.solveInPlace(whitened);
  const auto [eigenvalues, eigenvectors] = DecreasingEigenvectors(whitened);
  // V^T L^(-1), as the solution X of X L = V^T.
  return {std::move(statistics.mean),
          factor.transpose().triangularView<Eigen::Upper>().solve(eigenvectors).transpose()};
}

Whitening LearnOfPaper(const numerics::IndexedDescriptors& descriptors, const MatchingPairs& pairs,
                       const std::vector<int64_t>& scenes, double shrinkage) {
  CheckShrinkage(shrinkage);
  VANTAGE_CHECK(std::ssize(scenes) == descriptors.size, "whitening: ", scenes.size(), " scenes of ",
                descriptors.size, " descriptors");
  numerics::WhiteningStatistics statistics =
      numerics::StatisticsOf(descriptors, pairs, AllRows(descriptors), numerics::CentreOf::kRows,
                             numerics::SpreadOf::kScenes, scenes);
  const MatrixXd root = InverseRoot(Shrunk(std::move(statistics.matching), shrinkage));
  const auto [eigenvalues, eigenvectors] = DecreasingEigenvectors(root * statistics.spread * root);
  return {std::move(statistics.mean), eigenvectors.transpose() * root};
}

}  // namespace

Whitening LearnWhitening(const Eigen::Ref<const MatrixXd>& descriptors, const std::vector<int64_t>& queries,
                         const std::vector<int64_t>& positives, double shrinkage) {
  return LearnOfCode(numerics::Indexed(descriptors), {queries, positives, {}}, shrinkage);
}

Whitening LearnWhitening(const Eigen::Ref<const DescriptorMatrix>& descriptors, const MatchingPairs& pairs,
                         double shrinkage) {
  return LearnOfCode(numerics::Indexed(descriptors), pairs, shrinkage);
}

Whitening LearnWhiteningOfPaper(const Eigen::Ref<const MatrixXd>& descriptors,
                                const std::vector<int64_t>& queries, const std::vector<int64_t>& positives,
                                const std::vector<int64_t>& scenes, double shrinkage) {
  return LearnOfPaper(numerics::Indexed(descriptors), {queries, positives, {}}, scenes, shrinkage);
}

Whitening LearnWhiteningOfPaper(const Eigen::Ref<const DescriptorMatrix>& descriptors,
                                const MatchingPairs& pairs, const std::vector<int64_t>& scenes,
                                double shrinkage) {
  return LearnOfPaper(numerics::Indexed(descriptors), pairs, scenes, shrinkage);
}

Whitening TruncateWhitening(Whitening whitening, int64_t dimension) {
  VANTAGE_CHECK(dimension >= 0 && dimension <= whitening.projection.rows(), "whitening: ", dimension,
                " dimensions asked for of ", whitening.projection.rows());
  if (dimension > 0) whitening.projection = whitening.projection.topRows(dimension).eval();
  return whitening;
}

Whitening LearnPcaWhitening(const Eigen::Ref<const MatrixXd>& descriptors) {
  VANTAGE_CHECK(descriptors.rows() > 0, "whitening: no descriptors");
  Whitening whitening;
  whitening.mean = descriptors.colwise().mean().transpose();
  const MatrixXd centered = descriptors.rowwise() - whitening.mean.transpose();
  const MatrixXd covariance = centered.transpose() * centered / static_cast<double>(descriptors.rows());
  const auto [variances, directions] = numerics::LargestEigenvectors(covariance, 0);
  whitening.projection = directions.transpose();
  numerics::DivideByDeviations(variances, covariance.trace(), descriptors.rows(), whitening.projection);
  return whitening;
}

MatrixXd ApplyWhitening(const Whitening& whitening, const Eigen::Ref<const MatrixXd>& descriptors,
                        int64_t dimension) {
  VANTAGE_CHECK(descriptors.cols() == whitening.dimension(), "whitening: learned for descriptors of ",
                whitening.dimension(), " dimensions, not ", descriptors.cols());
  VANTAGE_CHECK(dimension >= 0 && dimension <= whitening.projection.rows(), "whitening: ", dimension,
                " dimensions asked for of ", whitening.projection.rows());
  const Index kept = dimension == 0 ? whitening.projection.rows() : static_cast<Index>(dimension);
  MatrixXd result =
      (descriptors.rowwise() - whitening.mean.transpose()) * whitening.projection.topRows(kept).transpose();
  for (Index i = 0; i < result.rows(); ++i) result.row(i) /= result.row(i).norm() + kNormEpsilon;
  return result;
}

Descriptors ApplyWhitening(const Whitening& whitening, const Descriptors& descriptors, int64_t dimension) {
  Descriptors result;
  result.names = descriptors.names;
  result.values = ApplyWhitening(whitening, descriptors.values.cast<double>(), dimension).cast<float>();
  return result;
}

}  // namespace vantage
