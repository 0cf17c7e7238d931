// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <Eigen/SparseCore>
#include <cstdint>
#include <vector>

#include "vantage/config/options_description.h"
#include "vantage/search/knn.h"

namespace vantage {

// Diffusion on the database's graph of mutual nearest neighbours (Iscen et al., CVPR 2017).
struct DiffusionOptions {
  bool enabled = false;
  // Photos are joined where each is among the so many nearest of the other. At least 1; the paper: 50 for the
  // benchmarks' thousands.
  int64_t neighbors = 50;
  // A query enters at so many of its nearest. At least 1; the paper: 10.
  int64_t seeds = 10;
  // Share that goes on along edges. [0, 1); the paper: 0.99.
  double beta = 0.99;
  // Edges weigh similarity^gamma. At least 0; the paper: 3.
  double gamma = 3;
  // Of conjugate gradient, relative residual. Above 0.
  double tolerance = 1e-6;
};
void Declare(OptionsDescription& description, DiffusionOptions& options);

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

}  // namespace vantage
