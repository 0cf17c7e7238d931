// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/search/whitening.h"

#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>

#include "vantage/util/error.h"
#include "vantage/util/log.h"

namespace vantage {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr double kNormEpsilon = 1e-6;
constexpr double kFirstJitter = 1e-10;
constexpr double kLastJitter = 1.0;

// The lower Cholesky factor of S + alpha I: alpha = 0, then 1e-10, 1e-9, ... until it exists.
MatrixXd CholeskyWithJitter(const MatrixXd& covariance) {
  for (double jitter = 0; jitter <= kLastJitter; jitter = jitter == 0 ? kFirstJitter : 10 * jitter) {
    MatrixXd shifted = covariance;
    shifted.diagonal().array() += jitter;
    const Eigen::LLT<MatrixXd> factorization(shifted);
    if (factorization.info() != Eigen::Success) continue;
    if (jitter > 0) {
      LogInfo("whitening: the covariance of matching pairs is singular; ", jitter,
              " was added to its diagonal");
    }
    return factorization.matrixL();
  }
  throw Error(
      "whitening: the covariance of matching pairs cannot be factorised; are the descriptors finite?");
}

// Columns: eigenvectors by decreasing eigenvalue, which are returned beside them.
std::pair<VectorXd, MatrixXd> DecreasingEigenvectors(const MatrixXd& symmetric) {
  const Eigen::SelfAdjointEigenSolver<MatrixXd> solver(symmetric);
  VANTAGE_CHECK(solver.info() == Eigen::Success, "whitening: the eigenvalues did not converge");
  return {solver.eigenvalues().reverse(), solver.eigenvectors().rowwise().reverse()};
}

MatrixXd Rows(const Eigen::Ref<const MatrixXd>& descriptors, const std::vector<int64_t>& rows) {
  MatrixXd selected(static_cast<Index>(rows.size()), descriptors.cols());
  for (size_t i = 0; i < rows.size(); ++i) {
    VANTAGE_CHECK(rows[i] >= 0 && rows[i] < descriptors.rows(), "whitening: a pair names descriptor ",
                  rows[i], " of ", descriptors.rows());
    selected.row(static_cast<Index>(i)) = descriptors.row(rows[i]);
  }
  return selected;
}

}  // namespace

Whitening LearnWhitening(const Eigen::Ref<const MatrixXd>& descriptors, const std::vector<int64_t>& queries,
                         const std::vector<int64_t>& positives, double shrinkage) {
  VANTAGE_CHECK(shrinkage >= 0 && shrinkage <= 1, "whitening: a shrinkage of ", shrinkage,
                " is not in [0, 1]");
  VANTAGE_CHECK(!queries.empty() && queries.size() == positives.size(), "whitening: ", queries.size(),
                " queries and ", positives.size(), " positives make no pairs");
  const MatrixXd query_rows = Rows(descriptors, queries);
  const MatrixXd differences = query_rows - Rows(descriptors, positives);
  Whitening whitening;
  whitening.mean = query_rows.colwise().mean().transpose();
  MatrixXd covariance = differences.transpose() * differences / static_cast<double>(queries.size());
  const double mean_variance = covariance.trace() / static_cast<double>(covariance.rows());
  covariance *= 1 - shrinkage;
  covariance.diagonal().array() += shrinkage * mean_variance;
  const MatrixXd factor = CholeskyWithJitter(covariance);
  const auto lower = factor.triangularView<Eigen::Lower>();

  // The scatter of L^(-1) (x - m) over all descriptors.
  const MatrixXd centered = (descriptors.rowwise() - whitening.mean.transpose()).transpose();
  const MatrixXd whitened = lower.solve(centered);
  const auto [eigenvalues, eigenvectors] = DecreasingEigenvectors(whitened * whitened.transpose());
  // V^T L^(-1), as the solution X of X L = V^T.
  whitening.projection = factor.transpose().triangularView<Eigen::Upper>().solve(eigenvectors).transpose();
  return whitening;
}

Whitening LearnPcaWhitening(const Eigen::Ref<const MatrixXd>& descriptors) {
  VANTAGE_CHECK(descriptors.rows() > 0, "whitening: no descriptors");
  Whitening whitening;
  whitening.mean = descriptors.colwise().mean().transpose();
  const MatrixXd centered = descriptors.rowwise() - whitening.mean.transpose();
  const MatrixXd covariance = centered.transpose() * centered / static_cast<double>(descriptors.rows());
  const auto [eigenvalues, eigenvectors] = DecreasingEigenvectors(covariance);
  // Directions in which the descriptors do not vary would be divided by zero.
  const double floor = eigenvalues[0] * 1e-12;
  whitening.projection =
      eigenvalues.cwiseMax(floor).cwiseSqrt().cwiseInverse().asDiagonal() * eigenvectors.transpose();
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
