// SPDX-License-Identifier: BSD-3-Clause
#include "numerics/pca.h"

#include <algorithm>

#include "numerics/pca_components.h"
#include "numerics/symmetric_eigen.h"
#include "util/check.h"
#include "util/log.h"
#include "util/rethrow.h"
#include "vantage/run_context.h"

namespace vantage::numerics {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr double kSmallestVariance = 1e-12;  // share of the largest variance; smaller ones count as none
constexpr int64_t kLeastOversampling = 64;

struct MeanAndVariance {
  VectorXd mean;
  double variance = 0;  // summed over all dimensions
};

MeanAndVariance MeanOf(const descriptors::DescriptorRows& rows, const RunContext& context) {
  VectorXd mean = VectorXd::Zero(rows.dimension);
  double squares = 0;
  ForEachBlock(rows, "mean descriptor", context, [&](int64_t, const DescriptorMatrix& block) {
    for (Index i = 0; i < block.rows(); ++i) {
      const VectorXd row = block.row(i).transpose().cast<double>();
      mean += row;
      squares += row.squaredNorm();
    }
  });
  mean /= static_cast<double>(rows.size);
  const double variance = squares / static_cast<double>(rows.size) - mean.squaredNorm();
  return {std::move(mean), std::max(0.0, variance)};
}

MatrixXd Centred(const DescriptorMatrix& block, const VectorXd& mean) {
  return block.cast<double>().rowwise() - mean.transpose();
}

PrincipalComponents OfCovariance(const descriptors::DescriptorRows& rows, const VectorXd& mean,
                                 int64_t wanted, const RunContext& context) {
  MatrixXd covariance = MatrixXd::Zero(rows.dimension, rows.dimension);
  ForEachBlock(rows, "covariance", context, [&](int64_t, const DescriptorMatrix& block) {
    const MatrixXd part = Centred(block, mean);
    covariance.noalias() += part.transpose() * part;
  });
  auto [variances, vectors] = LargestEigenvectors(covariance / static_cast<double>(rows.size), wanted);
  return {std::move(variances), vectors.transpose()};
}

// Uses the Gram matrix of the descriptors, which has the same eigenvalues as their covariance.
PrincipalComponents OfGram(const descriptors::DescriptorRows& rows, const VectorXd& mean, int64_t wanted,
                           const RunContext& context) {
  MatrixXd gram(rows.size, rows.size);
  ForEachBlock(rows, "products of descriptors", context, [&](int64_t i, const DescriptorMatrix& block) {
    const MatrixXd part = Centred(block, mean);
    const descriptors::DescriptorRows up_to_here{i + block.rows(), rows.dimension, rows.read};
    ForEachBlock(
        up_to_here, "products of descriptors", context, [&](int64_t j, const DescriptorMatrix& other) {
          gram.block(i, j, part.rows(), other.rows()).noalias() = part * Centred(other, mean).transpose();
        });
  });
  // The solver reads the lower triangle only.
  const auto [variances, vectors] = LargestEigenvectors(gram / static_cast<double>(rows.size), wanted);
  PrincipalComponents components{variances, MatrixXd::Zero(variances.size(), rows.dimension)};
  ForEachBlock(rows, "components", context,
               [&, &of_rows = vectors](int64_t first, const DescriptorMatrix& block) {
                 components.directions_KD.noalias() +=
                     of_rows.middleRows(first, block.rows()).transpose() * Centred(block, mean);
               });
  components.directions_KD.rowwise().normalize();
  return components;
}

PrincipalComponents ComponentsOf(const descriptors::DescriptorRows& rows, const VectorXd& mean,
                                 const PcaOptions& options, const RunContext& context) {
  const int64_t most = std::min(rows.size, rows.dimension);
  const int64_t subspace = options.dimension + std::max(kLeastOversampling, options.dimension / 8);
  const bool iterates = options.dimension > 0 && most > options.exact_up_to && subspace <= most / 2;
  if (iterates) return ComponentsByIteration(rows, mean, subspace, options, context);
  return rows.size < rows.dimension ? OfGram(rows, mean, options.dimension, context)
                                    : OfCovariance(rows, mean, options.dimension, context);
}

}  // namespace

std::pair<VectorXd, MatrixXd> LargestEigenvectors(const MatrixXd& covariance, int64_t wanted) {
  const SymmetricEigen solution =
      SolveSymmetric(covariance, "PCA: the eigenvalues did not converge; are all descriptors finite?");
  const VectorXd values = solution.values.reverse();
  const auto varying = (values.array() > kSmallestVariance * values[0]).count();
  VANTAGE_CHECK(values[0] > 0 && wanted <= varying, "PCA: ", wanted,
                " components of descriptors that vary in ", values[0] > 0 ? varying : 0, " directions");
  const Index kept = wanted > 0 ? static_cast<Index>(wanted) : static_cast<Index>(varying);
  return {values.head(kept), solution.vectors.rightCols(kept).rowwise().reverse()};
}

void DivideByDeviations(const VectorXd& variances, double total_variance, int64_t descriptors,
                        MatrixXd& directions_KD) {
  double least = 0;
  if (descriptors <= directions_KD.cols()) {
    LogWarning("PCA: ", descriptors, " descriptors are not more than their ", directions_KD.cols(),
               " dimensions: ", directions_KD.rows(),
               " components are kept, and the variances of the last ones are mostly noise");
    const auto known = std::min<Index>(directions_KD.rows(), (descriptors - 1) / 2);
    least = std::max(0.0, total_variance - variances.head(known).sum()) /
            static_cast<double>(directions_KD.cols() - known);
  }
  directions_KD.array().colwise() /= variances.array().max(least).sqrt();
}

Whitening LearnPca(const descriptors::DescriptorRows& rows, const PcaOptions& options,
                   const RunContext& context) try {
  VANTAGE_CHECK(rows.size > 0 && rows.dimension > 0, "PCA: no descriptors");
  VANTAGE_CHECK(
      options.dimension >= 0 && options.exact_up_to >= 1 && options.passes >= 1 && options.passes <= 100,
      "PCA: dimension = ", options.dimension, " must be at least 0, exact_up_to = ", options.exact_up_to,
      " at least 1 and passes = ", options.passes, " in [1, 100]");
  auto [mean, variance] = MeanOf(rows, context);
  PrincipalComponents components = ComponentsOf(rows, mean, options, context);
  // The sign of a direction is arbitrary: its largest element is made positive.
  for (Index k = 0; k < components.directions_KD.rows(); ++k) {
    Index largest = 0;
    components.directions_KD.row(k).cwiseAbs().maxCoeff(&largest);
    if (components.directions_KD(k, largest) < 0) components.directions_KD.row(k) *= -1;
  }
  if (options.whiten) {
    DivideByDeviations(components.variances, variance, rows.size, components.directions_KD);
  }
  return {std::move(mean), std::move(components.directions_KD)};
} catch (...) {
  RethrowAsError();
}

Whitening LearnPca(const Eigen::Ref<const DescriptorMatrix>& descriptors, const PcaOptions& options,
                   const RunContext& context) try {
  return LearnPca(descriptors::RowsOf(descriptors), options, context);
} catch (...) {
  RethrowAsError();
}

}  // namespace vantage::numerics
