// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <string>
#include <utility>

#include "numerics/pca.h"

namespace vantage::numerics {

// Principal components before they become a transform.
struct PrincipalComponents {
  Eigen::VectorXd variances;      // decreasing
  Eigen::MatrixXd directions_KD;  // of unit length
};

// Eigenvalues and eigenvectors (columns) of a covariance, decreasing: as many as are asked for, or with 0 all
// that do not vanish beside the largest. Throws Error where there are fewer.
std::pair<Eigen::VectorXd, Eigen::MatrixXd> LargestEigenvectors(const Eigen::MatrixXd& covariance,
                                                                int64_t wanted);

// Divides each direction (a row) by its deviation. Of descriptors that are not more than their dimensions the
// small variances are chance: the first components are believed, at most half as many as descriptors, and
// what variance they leave is taken to be spread evenly over all other directions. None is divided by less.
void DivideByDeviations(const Eigen::VectorXd& variances, double total_variance, int64_t descriptors,
                        Eigen::MatrixXd& directions_KD);

// Calls use(first, block) for consecutive blocks of rows, of 64 MiB at most.
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

// Components of the subspace of so many dimensions that iteration finds; see LearnPca.
PrincipalComponents ComponentsByIteration(const descriptors::DescriptorRows& rows,
                                          const Eigen::VectorXd& mean, int64_t subspace,
                                          const PcaOptions& options, const RunContext& context);

}  // namespace vantage::numerics
