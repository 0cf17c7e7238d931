// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/search/whitening.h"

#include <Eigen/Cholesky>

#include <limits>
#include <map>

#include "search/symmetric_eigen.h"
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

constexpr const char* kNotFactorised =
    "whitening: the covariance of matching pairs cannot be factorised; are the descriptors finite?";

double NextJitter(double jitter) { return jitter == 0 ? kFirstJitter : 10 * jitter; }

void LogJitter(double jitter) {
  if (jitter == 0) return;
  LogInfo("whitening: the covariance of matching pairs is singular; ", jitter, " was added to its diagonal");
}

// The lower Cholesky factor of S + alpha I: alpha = 0, then 1e-10, 1e-9, ... until it exists.
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

// Columns: eigenvectors by decreasing eigenvalue, which are returned beside them.
std::pair<VectorXd, MatrixXd> DecreasingEigenvectors(const MatrixXd& symmetric) {
  const SymmetricEigen solution = SolveSymmetric(symmetric, "whitening: the eigenvalues did not converge");
  return {solution.values.reverse(), solution.vectors.rowwise().reverse()};
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

// Of the differences of pairs, shrunk.
MatrixXd PairCovariance(const MatrixXd& query_rows, const MatrixXd& positive_rows, double shrinkage) {
  const MatrixXd differences = query_rows - positive_rows;
  MatrixXd covariance = differences.transpose() * differences / static_cast<double>(differences.rows());
  const double mean_variance = covariance.trace() / static_cast<double>(covariance.rows());
  covariance *= 1 - shrinkage;
  covariance.diagonal().array() += shrinkage * mean_variance;
  return covariance;
}

void CheckPairs(const std::vector<int64_t>& queries, const std::vector<int64_t>& positives,
                double shrinkage) {
  VANTAGE_CHECK(shrinkage >= 0 && shrinkage <= 1, "whitening: a shrinkage of ", shrinkage,
                " is not in [0, 1]");
  VANTAGE_CHECK(!queries.empty() && queries.size() == positives.size(), "whitening: ", queries.size(),
                " queries and ", positives.size(), " positives make no pairs");
}

// Of the differences of all pairs of rows with different scenes, each pair once. The sum over all pairs of N
// rows is N sum x x^T - (sum x)(sum x)^T; from that of all rows go those of each scene.
MatrixXd CovarianceBetweenScenes(const MatrixXd& rows, const std::vector<int64_t>& scenes) {
  std::map<int64_t, std::vector<int64_t>> members;
  for (size_t i = 0; i < scenes.size(); ++i) members[scenes[i]].push_back(static_cast<int64_t>(i));
  VANTAGE_CHECK(members.size() >= 2, "whitening: one scene only makes no pairs that do not match");
  const auto pairs_of = [](double count) { return count * (count - 1) / 2; };
  const auto scatter = [](const MatrixXd& part) {
    const VectorXd sum = part.colwise().sum().transpose();
    return MatrixXd(static_cast<double>(part.rows()) * (part.transpose() * part) - sum * sum.transpose());
  };
  MatrixXd total = scatter(rows);
  double pairs = pairs_of(static_cast<double>(rows.rows()));
  for (const auto& [scene, indices] : members) {
    total -= scatter(Rows(rows, indices));
    pairs -= pairs_of(static_cast<double>(indices.size()));
  }
  return total / pairs;
}

// S^(-1/2), of S + alpha I where S is not safely positive definite: alpha as in CholeskyWithJitter.
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

}  // namespace

Whitening LearnWhitening(const Eigen::Ref<const MatrixXd>& descriptors, const std::vector<int64_t>& queries,
                         const std::vector<int64_t>& positives, double shrinkage) {
  CheckPairs(queries, positives, shrinkage);
  const MatrixXd query_rows = Rows(descriptors, queries);
  Whitening whitening;
  whitening.mean = query_rows.colwise().mean().transpose();
  const MatrixXd covariance = PairCovariance(query_rows, Rows(descriptors, positives), shrinkage);
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

Whitening LearnWhiteningOfPaper(const Eigen::Ref<const MatrixXd>& descriptors,
                                const std::vector<int64_t>& queries, const std::vector<int64_t>& positives,
                                const std::vector<int64_t>& scenes, double shrinkage) {
  CheckPairs(queries, positives, shrinkage);
  VANTAGE_CHECK(static_cast<Index>(scenes.size()) == descriptors.rows(), "whitening: ", scenes.size(),
                " scenes of ", descriptors.rows(), " descriptors");
  Whitening whitening;
  whitening.mean = descriptors.colwise().mean().transpose();
  const MatrixXd root =
      InverseRoot(PairCovariance(Rows(descriptors, queries), Rows(descriptors, positives), shrinkage));
  const MatrixXd centered = descriptors.rowwise() - whitening.mean.transpose();
  const auto [eigenvalues, eigenvectors] =
      DecreasingEigenvectors(root * CovarianceBetweenScenes(centered, scenes) * root);
  whitening.projection = eigenvectors.transpose() * root;
  return whitening;
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
