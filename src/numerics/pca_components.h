// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <string>
#include <utility>

#include "numerics/pca.h"

namespace vantage::numerics {

// Principal components, before division by deviations.
struct PrincipalComponents {
  Eigen::VectorXd variances;      // decreasing
  Eigen::MatrixXd directions_KD;  // rows of unit length
};

// The `wanted` largest eigenvalues of a covariance and their eigenvectors (columns), in decreasing order; 0:
// all eigenvalues above 1e-12 times the largest. Throws Error if fewer than `wanted` are above that, or none
// is positive.
std::pair<Eigen::VectorXd, Eigen::MatrixXd> LargestEigenvectors(const Eigen::MatrixXd& covariance,
                                                                int64_t wanted);

// Divides each direction (a row) by its standard deviation. If there are at most as many descriptors as
// dimensions, small variances are due to chance. Then only the first (descriptors - 1) / 2 variances (or K,
// if fewer) are trusted, the rest of total_variance is assumed to be spread evenly over all other directions,
// and no variance is taken to be smaller than that.
void DivideByDeviations(const Eigen::VectorXd& variances, double total_variance, int64_t descriptors,
                        Eigen::MatrixXd& directions_KD);

// Calls use(first, block) for consecutive blocks of rows, each of at most 64 MiB (or one row).
template <typename Use>
void ForEachBlock(const descriptors::DescriptorRows& rows, const std::string& task, const RunContext& context,
                  const Use& use) {
  constexpr int64_t kBlockValues = int64_t{1} << 24;
  const int64_t block_rows = std::max<int64_t>(1, kBlockValues / std::max<int64_t>(1, rows.dimension));
  for (int64_t first = 0; first < rows.size; first += block_rows) {
    context.CheckCancelled();
    context.Report({task, first, rows.size, ""});
    use(first, rows.read(first, std::min(block_rows, rows.size - first)));
  }
}

// The principal components in a subspace of `subspace` dimensions, found by iteration: see LearnPca.
PrincipalComponents ComponentsByIteration(const descriptors::DescriptorRows& rows,
                                          const Eigen::VectorXd& mean, int64_t subspace,
                                          const PcaOptions& options, const RunContext& context);

}  // namespace vantage::numerics
