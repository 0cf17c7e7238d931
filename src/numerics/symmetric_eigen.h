// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <Eigen/Core>

namespace vantage::numerics {

struct SymmetricEigen {
  // n, increasing.
  Eigen::VectorXd values;
  // n x n: column i is the unit eigenvector of values[i].
  Eigen::MatrixXd vectors;
};

// Eigenvalues and eigenvectors of a symmetric matrix, n x n, of which the lower triangle is read. Compiled in
// one place, since Eigen's templates for it take longer than what uses them. Throws Error with `message` if
// they do not converge.
SymmetricEigen SolveSymmetric(const Eigen::MatrixXd& symmetric, const char* message);

}  // namespace vantage::numerics
