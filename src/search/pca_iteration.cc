// SPDX-License-Identifier: BSD-3-Clause
#include <Eigen/Eigenvalues>
#include <cmath>

#include "search/pca_components.h"
#include "vantage/util/error.h"
#include "vantage/util/random.h"

namespace vantage {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::MatrixXf;
using Eigen::VectorXd;

constexpr Index kRowsAtATime = 4096;
// Of the largest eigenvalue of Y^T Y: what float32 products leave of directions that are not there.
constexpr double kNoise = 1e-14;

// Makes the columns of y orthonormal, in decreasing order of what they were long; drops those that depend on
// others. By the eigenvectors of y^T y, twice, since one round leaves what the square of y's condition leaves
// (Stathopoulos and Wu, "A block orthogonalization procedure", SIAM J. Sci. Comput. 2002).
void Orthonormalize(MatrixXd& y_DR) {
  for (int round = 0; round < 2; ++round) {
    const MatrixXd products = y_DR.transpose() * y_DR;
    const Eigen::SelfAdjointEigenSolver<MatrixXd> solver(products);
    VANTAGE_CHECK(solver.info() == Eigen::Success,
                  "PCA: the eigenvalues did not converge; are all descriptors finite?");
    const VectorXd values = solver.eigenvalues().reverse();
    VANTAGE_CHECK(values[0] > 0, "PCA: descriptors that vary in 0 directions");
    const Index kept = (values.array() > kNoise * values[0]).count();
    const MatrixXd turn = solver.eigenvectors().rightCols(kept).rowwise().reverse() *
                          values.head(kept).cwiseSqrt().cwiseInverse().asDiagonal();
    for (Index first = 0; first < y_DR.rows(); first += kRowsAtATime) {
      const Index count = std::min(kRowsAtATime, y_DR.rows() - first);
      const MatrixXd part = y_DR.middleRows(first, count) * turn;
      y_DR.block(first, 0, count, kept) = part;
    }
    if (kept < y_DR.cols()) y_DR.conservativeResize(Eigen::NoChange, kept);
  }
}

DescriptorMatrix Centred(DescriptorMatrix block, const Eigen::RowVectorXf& mean) {
  block.rowwise() -= mean;
  return block;
}

}  // namespace

PrincipalComponents ComponentsByIteration(const DescriptorRows& rows, const VectorXd& mean, int64_t subspace,
                                          const PcaOptions& options, const RunContext& context) {
  VANTAGE_CHECK(options.passes >= 1 && options.passes <= 100, "PCA: ", options.passes, " passes");
  const Eigen::RowVectorXf mean_float = mean.cast<float>().transpose();
  MatrixXd basis_DR(rows.dimension, subspace);
  RandomStream random(options.seed, "PCA");
  for (double& value : basis_DR.reshaped()) value = random.Normal();
  for (int pass = 1; pass <= options.passes; ++pass) {
    // Products in float32: their rounding turns directions by less than the next pass turns them back.
    const MatrixXf before_DR = basis_DR.cast<float>();
    basis_DR.setZero();
    ForEachBlock(rows, StrCat("components, pass ", pass, " of ", options.passes), context,
                 [&](int64_t, DescriptorMatrix block) {
                   const DescriptorMatrix x_BD = Centred(std::move(block), mean_float);
                   const MatrixXf projected_BR = x_BD * before_DR;
                   for (Index first = 0; first < basis_DR.rows(); first += kRowsAtATime) {
                     const Index count = std::min(kRowsAtATime, basis_DR.rows() - first);
                     const MatrixXf part = x_BD.middleCols(first, count).transpose() * projected_BR;
                     basis_DR.middleRows(first, count) += part.cast<double>();
                   }
                 });
    Orthonormalize(basis_DR);
  }
  MatrixXd covariance_RR = MatrixXd::Zero(basis_DR.cols(), basis_DR.cols());
  {
    const MatrixXf basis_float_DR = basis_DR.cast<float>();
    ForEachBlock(rows, "components, at last", context, [&](int64_t, DescriptorMatrix block) {
      const MatrixXf projected_BR = Centred(std::move(block), mean_float) * basis_float_DR;
      const MatrixXd projected = projected_BR.cast<double>();
      covariance_RR.noalias() += projected.transpose() * projected;
    });
  }
  auto [variances, turn_RK] =
      LargestEigenvectors(covariance_RR / static_cast<double>(rows.size), options.dimension);
  return {std::move(variances), turn_RK.transpose() * basis_DR.transpose()};
}

}  // namespace vantage
