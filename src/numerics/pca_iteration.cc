// SPDX-License-Identifier: BSD-3-Clause
#include <cmath>

#include "numerics/pca_components.h"
#include "numerics/single_threaded_blas.h"
#include "numerics/symmetric_eigen.h"
#include "util/check.h"
#include "util/parallel.h"
#include "util/random.h"

namespace vantage::numerics {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::MatrixXf;
using Eigen::VectorXd;

// Columns of a product that a thread computes at a time. The blocks, not the threads, decide the rounding.
constexpr Index kPart = 256;
// Share of the largest eigenvalue of Y^T Y below which a direction is rounding error of float32 products.
constexpr double kNoise = 1e-14;

// Calls use(first, count) for parts of 0 .. total - 1, in parallel.
template <typename Use>
void ForEachPart(Index total, const RunContext& context, const Use& use) {
  ParallelFor((total + kPart - 1) / kPart, context.ThreadCount(), [&](int64_t part) {
    const SingleThreadedBlas in_worker;
    use(part * kPart, std::min(kPart, total - part * kPart));
  });
}

// sums += x^T x
template <typename Matrix>
void AddProducts(const Matrix& x_NR, const RunContext& context, MatrixXd& sums_RR) {
  ForEachPart(x_NR.cols(), context, [&](Index first, Index count) {
    sums_RR.middleCols(first, count).noalias() += x_NR.transpose() * x_NR.middleCols(first, count);
  });
}

// Makes the columns of y orthonormal, by decreasing singular values of y; drops dependent ones. Uses the
// eigenvectors of y^T y twice, since the error of one round grows with the square of y's condition number
// (Stathopoulos and Wu, "A block orthogonalization procedure", SIAM J. Sci. Comput. 2002).
void Orthonormalize(MatrixXd& y_DR, const RunContext& context) {
  for (int round = 0; round < 2; ++round) {
    MatrixXd products = MatrixXd::Zero(y_DR.cols(), y_DR.cols());
    AddProducts(y_DR, context, products);
    const SymmetricEigen solution =
        SolveSymmetric(products, "PCA: the eigenvalues did not converge; are all descriptors finite?");
    const VectorXd values = solution.values.reverse();
    VANTAGE_CHECK(values[0] > 0, "PCA: descriptors that vary in 0 directions");
    const Index kept = (values.array() > kNoise * values[0]).count();
    const MatrixXd turn = solution.vectors.rightCols(kept).rowwise().reverse() *
                          values.head(kept).cwiseSqrt().cwiseInverse().asDiagonal();
    ForEachPart(y_DR.rows(), context, [&](Index first, Index count) {
      const MatrixXd part = y_DR.middleRows(first, count) * turn;
      y_DR.block(first, 0, count, kept) = part;
    });
    if (kept < y_DR.cols()) y_DR.conservativeResize(Eigen::NoChange, kept);
  }
}

// (x - mean) times the basis, for a block of x. Products are float32: the next pass corrects their rounding
// errors.
struct Projected {
  DescriptorMatrix centred_BD;
  MatrixXf values_BR;

  Projected(DescriptorMatrix block, const Eigen::RowVectorXf& mean, const MatrixXf& basis_DR,
            const RunContext& context)
      : centred_BD(std::move(block)), values_BR(centred_BD.rows(), basis_DR.cols()) {
    centred_BD.rowwise() -= mean;
    ForEachPart(basis_DR.cols(), context, [&](Index first, Index count) {
      values_BR.middleCols(first, count).noalias() = centred_BD * basis_DR.middleCols(first, count);
    });
  }
};

}  // namespace

PrincipalComponents ComponentsByIteration(const descriptors::DescriptorRows& rows, const VectorXd& mean,
                                          int64_t subspace, const PcaOptions& options,
                                          const RunContext& context) {
  VANTAGE_CHECK(options.passes >= 1 && options.passes <= 100, "PCA: ", options.passes, " passes");
  const SingleThreadedBlas side_by_side;
  const Eigen::RowVectorXf mean_float = mean.cast<float>().transpose();
  MatrixXd basis_DR(rows.dimension, subspace);
  RandomStream random(options.seed, "PCA");
  for (double& value : basis_DR.reshaped()) value = random.Normal();
  for (int pass = 1; pass <= options.passes; ++pass) {
    const MatrixXf before_DR = basis_DR.cast<float>();
    basis_DR.setZero();
    ForEachBlock(rows, StrCat("components, pass ", pass, " of ", options.passes), context,
                 [&](int64_t, DescriptorMatrix block) {
                   const Projected x(std::move(block), mean_float, before_DR, context);
                   ForEachPart(basis_DR.rows(), context, [&](Index first, Index count) {
                     const MatrixXf part = x.centred_BD.middleCols(first, count).transpose() * x.values_BR;
                     basis_DR.middleRows(first, count) += part.cast<double>();
                   });
                 });
    Orthonormalize(basis_DR, context);
  }
  MatrixXd covariance_RR = MatrixXd::Zero(basis_DR.cols(), basis_DR.cols());
  {
    const MatrixXf basis_float_DR = basis_DR.cast<float>();
    ForEachBlock(rows, "components, at last", context, [&](int64_t, DescriptorMatrix block) {
      const Projected x(std::move(block), mean_float, basis_float_DR, context);
      AddProducts(MatrixXd(x.values_BR.cast<double>()), context, covariance_RR);
    });
  }
  auto [variances, turn_RK] =
      LargestEigenvectors(covariance_RR / static_cast<double>(rows.size), options.dimension);
  MatrixXd directions_KD(options.dimension, rows.dimension);
  ForEachPart(rows.dimension, context, [&, &turn = turn_RK](Index first, Index count) {
    directions_KD.middleCols(first, count).noalias() =
        turn.transpose() * basis_DR.middleRows(first, count).transpose();
  });
  return {std::move(variances), std::move(directions_KD)};
}

}  // namespace vantage::numerics
