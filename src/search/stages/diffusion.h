// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <Eigen/SparseCore>
#include <cstdint>
#include <vector>

#include "search/stages/stages.h"

namespace vantage::search {

// The graph of mutual nearest neighbours of a database.
class DiffusionGraph {
 public:
  // database: N x D, unit length. Throws UsageError if an option is out of range.
  DiffusionGraph(const DescriptorMatrix& database, const DiffusionOptions& options,
                 const RunContext& context = {});

  // S = D^(-1/2) W D^(-1/2), N x N, symmetric, with the edges' weights W and the diagonal matrix D of their
  // row sums. Photos without an edge have an empty row.
  const Eigen::SparseMatrix<double>& matrix() const { return matrix_; }

  // Solves (I - beta S) f = y, where y is similarity^gamma at the query's seeds and 0 elsewhere. Ranks the
  // rows with f > 0 by f, then appends the other rows of `nearest` in their order. nearest: the query's
  // neighbours by inner product, best first; the first `seeds` are the seeds. Returns at most `k`; the scores
  // are f, or 0 for the rows appended.
  std::vector<Neighbor> Rank(const std::vector<Neighbor>& nearest, int64_t k) const;

 private:
  DiffusionOptions options_;
  Eigen::SparseMatrix<double> matrix_;
  Eigen::SparseMatrix<double> system_;  // I - beta S
};

}  // namespace vantage::search
