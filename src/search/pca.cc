// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/search/pca.h"

#include <Eigen/Eigenvalues>
#include <algorithm>

#include "vantage/util/error.h"

namespace vantage {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr int64_t kBlockBytes = int64_t{1} << 26;
constexpr double kSmallestVariance = 1e-12;  // of the largest: below, descriptors do not vary

struct Components {
  VectorXd variances;      // decreasing
  MatrixXd directions_KD;  // of unit length
};

// Calls use(first, count) for consecutive parts of `total` rows or columns of `length` each.
template <typename Use>
void ForEachPart(Index total, Index length, const Use& use) {
  const Index part = std::max<Index>(1, kBlockBytes / 8 / std::max<Index>(1, length));
  for (Index first = 0; first < total; first += part) use(first, std::min(part, total - first));
}

// Eigenvectors as columns, by decreasing eigenvalue: as many as are asked for, or that count.
std::pair<VectorXd, MatrixXd> LargestEigenvectors(const MatrixXd& symmetric, int64_t wanted) {
  const Eigen::SelfAdjointEigenSolver<MatrixXd> solver(symmetric);
  VANTAGE_CHECK(solver.info() == Eigen::Success,
                "PCA: the eigenvalues did not converge; are all descriptors finite?");
  const VectorXd values = solver.eigenvalues().reverse();
  const auto varying = (values.array() > kSmallestVariance * values[0]).count();
  VANTAGE_CHECK(values[0] > 0 && wanted <= varying, "PCA: ", wanted,
                " components of descriptors that vary in ", values[0] > 0 ? varying : 0, " directions");
  const Index kept = wanted > 0 ? static_cast<Index>(wanted) : static_cast<Index>(varying);
  return {values.head(kept), solver.eigenvectors().rightCols(kept).rowwise().reverse()};
}

Components OfCovariance(const Eigen::Ref<const DescriptorMatrix>& x, const VectorXd& mean, int64_t wanted) {
  MatrixXd covariance = MatrixXd::Zero(x.cols(), x.cols());
  ForEachPart(x.rows(), x.cols(), [&](Index first, Index count) {
    const MatrixXd part = x.middleRows(first, count).cast<double>().rowwise() - mean.transpose();
    covariance.noalias() += part.transpose() * part;
  });
  auto [variances, vectors] = LargestEigenvectors(covariance / static_cast<double>(x.rows()), wanted);
  return {std::move(variances), vectors.transpose()};
}

// By the products of descriptors among each other (Gram's matrix), which has the same eigenvalues.
Components OfGram(const Eigen::Ref<const DescriptorMatrix>& x, const VectorXd& mean, int64_t wanted) {
  const auto columns = [&](Index first, Index count) -> MatrixXd {
    return x.middleCols(first, count).cast<double>().rowwise() - mean.segment(first, count).transpose();
  };
  MatrixXd gram = MatrixXd::Zero(x.rows(), x.rows());
  ForEachPart(x.cols(), x.rows(), [&](Index first, Index count) {
    const MatrixXd part = columns(first, count);
    gram.noalias() += part * part.transpose();
  });
  const auto [variances, vectors] = LargestEigenvectors(gram / static_cast<double>(x.rows()), wanted);
  Components components{variances, MatrixXd(variances.size(), x.cols())};
  ForEachPart(x.cols(), x.rows(), [&, &of_rows = vectors](Index first, Index count) {
    components.directions_KD.middleCols(first, count).noalias() = of_rows.transpose() * columns(first, count);
  });
  components.directions_KD.rowwise().normalize();
  return components;
}

}  // namespace

Whitening LearnPca(const Eigen::Ref<const DescriptorMatrix>& descriptors, const PcaOptions& options) {
  VANTAGE_CHECK(descriptors.rows() > 0 && descriptors.cols() > 0, "PCA: no descriptors");
  VectorXd mean = VectorXd::Zero(descriptors.cols());
  for (Index i = 0; i < descriptors.rows(); ++i) mean += descriptors.row(i).transpose().cast<double>();
  mean /= static_cast<double>(descriptors.rows());
  Components components = descriptors.rows() < descriptors.cols()
                              ? OfGram(descriptors, mean, options.dimension)
                              : OfCovariance(descriptors, mean, options.dimension);
  if (options.whiten) {
    components.directions_KD.array().colwise() /= components.variances.array().sqrt();
  }
  return {std::move(mean), std::move(components.directions_KD)};
}

}  // namespace vantage
