// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <Eigen/SparseCore>
#include <cstdint>
#include <vector>

#include "search/stages/stages.h"

namespace vantage::search {

class DiffusionGraph {
 public:
  // database: N x D, unit length. Throws Error where an option is out of its range.
  DiffusionGraph(const DescriptorMatrix& database, const DiffusionOptions& options,
                 const RunContext& context = {});

  // S = D^(-1/2) W D^(-1/2), N x N, symmetric; W the edges' weights, D the diagonal of their sums. Photos
  // without an edge have an empty row.
  const Eigen::SparseMatrix<double>& matrix() const { return matrix_; }

  // Solves (I - beta S) f = y, y being similarity^gamma at the query's seeds, and ranks by f what it reaches;
  // then come the others of `nearest` in their order. nearest: of the query by inner product, best first.
  // Returns at most `k`; scores are f, 0 for those that it does not reach.
  std::vector<Neighbor> Rank(const std::vector<Neighbor>& nearest, int64_t k) const;

 private:
  DiffusionOptions options_;
  Eigen::SparseMatrix<double> matrix_;
  Eigen::SparseMatrix<double> system_;  // I - beta S
};

}  // namespace vantage::search
