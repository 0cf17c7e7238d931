// SPDX-License-Identifier: BSD-3-Clause
#include "numerics/symmetric_eigen.h"

#include <Eigen/Eigenvalues>

#include "util/check.h"

namespace vantage::numerics {

SymmetricEigen SolveSymmetric(const Eigen::MatrixXd& symmetric, const char* message) {
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(symmetric);
  VANTAGE_CHECK(solver.info() == Eigen::Success, message);
  return {solver.eigenvalues(), solver.eigenvectors()};
}

}  // namespace vantage::numerics
