// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <Eigen/Core>

namespace vantage::numerics {

struct SymmetricEigen {
  // n values, increasing.
  Eigen::VectorXd values;
  // n x n: column i is the unit eigenvector of values[i].
  Eigen::MatrixXd vectors;
};

// Eigenvalues and eigenvectors of a symmetric n x n matrix; reads its lower triangle only. Compiled in one
// place because Eigen's templates for it are slow to compile. Throws Error with `message` if the eigenvalues
// do not converge.
SymmetricEigen SolveSymmetric(const Eigen::MatrixXd& symmetric, const char* message);

}  // namespace vantage::numerics
