// SPDX-License-Identifier: BSD-3-Clause
#include "search/stages/diffusion.h"
#include "vantage/search.h"

#include <Eigen/IterativeLinearSolvers>
#include <algorithm>
#include <cmath>
#include <unordered_set>

#include "search/neighbor_heap.h"
#include "util/index.h"
#include "util/parallel.h"
#include "vantage/error.h"

namespace vantage {
namespace {

double Affinity(float similarity, double gamma) {
  return similarity <= 0 ? 0 : std::pow(static_cast<double>(similarity), gamma);
}

// Weights of the edges between rows that are among each other's nearest.
Eigen::SparseMatrix<double> MutualNeighborWeights(const std::vector<std::vector<Neighbor>>& neighbors,
                                                  double gamma) {
  const auto n = std::ssize(neighbors);
  std::vector<std::unordered_set<int64_t>> near(neighbors.size());
  for (size_t row = 0; row < neighbors.size(); ++row) {
    for (const Neighbor& neighbor : neighbors[row]) near[row].insert(neighbor.index);
  }
  std::vector<Eigen::Triplet<double>> edges;
  for (int64_t row = 0; row < n; ++row) {
    for (const Neighbor& neighbor : neighbors[ToIndex(row)]) {
      const double weight = Affinity(neighbor.score, gamma);
      // Adds each edge from one side only, in both directions: the matrix is exactly symmetric.
      if (neighbor.index <= row || near[ToIndex(neighbor.index)].count(row) == 0 || weight == 0) continue;
      edges.emplace_back(row, neighbor.index, weight);
      edges.emplace_back(neighbor.index, row, weight);
    }
  }
  Eigen::SparseMatrix<double> weights(n, n);
  weights.setFromTriplets(edges.begin(), edges.end());
  return weights;
}

class DiffusionStage : public search::Stage {
 public:
  explicit DiffusionStage(const DiffusionOptions& options) : options_(options) {}

  int64_t Wants(int64_t wanted, const OwnRows& own) const override {
    return std::max(wanted, search::WithOwn(options_.seeds, own));
  }
  bool NeedsDatabase() const override { return true; }

  void Apply(search::SearchState& state, int64_t input, int64_t wanted) const override {
    const search::DiffusionGraph graph(*state.database, options_, state.context);
    const OwnRows& own = state.facts.own;
    search::Rankings& rankings = state.Rank(input);
    ParallelFor(std::ssize(rankings), state.context.ThreadCount(), [&](int64_t i) {
      state.context.CheckCancelled();
      const auto q = ToIndex(i);
      std::vector<Neighbor>& ranking = rankings[q];
      const auto taken = search::TakeOwn(ranking, own, q, std::ssize(ranking));
      ranking = graph.Rank(ranking, search::WithOwn(wanted, own));
      if (!taken) return;
      search::TakeOwn(ranking, own, q, std::ssize(ranking));  // the graph finds the query's own row too
      ranking.insert(ranking.begin(), *taken);
    });
  }

 private:
  DiffusionOptions options_;
};

}  // namespace

void Declare(OptionsDescription& description, DiffusionOptions& options) {
  description
      .Add("neighbors", options.neighbors,
           "Nearest of each photo that may become its neighbours in the graph")
      .AtLeast(1);
  description.Add("seeds", options.seeds, "Nearest at which a query enters the graph").AtLeast(1);
  description.Add("beta", options.beta, "Share of the score that moves along edges").Range(0, 0.999999);
  description.Add("gamma", options.gamma, "Edges weigh similarity^gamma").AtLeast(0);
  description.Add("tolerance", options.tolerance, "Relative residual of conjugate gradient").Above(0);
}

namespace search {

StageRow Diffusion() {
  return MakeStageRow<DiffusionOptions>("Rank along the graph of mutual nearest neighbours",
                                        [](const DiffusionOptions& options) -> std::unique_ptr<Stage> {
                                          return std::make_unique<DiffusionStage>(options);
                                        });
}

}  // namespace search

search::DiffusionGraph::DiffusionGraph(const DescriptorMatrix& database, const DiffusionOptions& options,
                                       const RunContext& context)
    : options_(options) {
  CheckOptions(options);
  auto neighbors = NearestNeighbors(database, database, options.neighbors + 1, context);
  for (size_t row = 0; row < neighbors.size(); ++row) {
    std::erase_if(neighbors[row], [&](const Neighbor& n) { return n.index == static_cast<int64_t>(row); });
    neighbors[row].resize(std::min(neighbors[row].size(), ToIndex(options.neighbors)));
  }
  const Eigen::SparseMatrix<double> weights = MutualNeighborWeights(neighbors, options.gamma);
  const Eigen::VectorXd degrees = weights * Eigen::VectorXd::Ones(weights.cols());
  const Eigen::VectorXd scale =
      degrees.unaryExpr([](double degree) { return degree > 0 ? 1 / std::sqrt(degree) : 0.0; });
  matrix_ = scale.asDiagonal() * weights * scale.asDiagonal();
  Eigen::SparseMatrix<double> identity(weights.rows(), weights.cols());
  identity.setIdentity();
  system_ = identity - options.beta * matrix_;
}

std::vector<Neighbor> search::DiffusionGraph::Rank(const std::vector<Neighbor>& nearest, int64_t k) const {
  Eigen::VectorXd entry = Eigen::VectorXd::Zero(matrix_.rows());
  const size_t seeds = std::min(nearest.size(), ToIndex(options_.seeds));
  for (size_t i = 0; i < seeds; ++i) entry[nearest[i].index] = Affinity(nearest[i].score, options_.gamma);
  Eigen::ConjugateGradient<Eigen::SparseMatrix<double>, Eigen::Lower | Eigen::Upper> solver(system_);
  solver.setTolerance(options_.tolerance);
  const Eigen::VectorXd reached = solver.solve(entry);
  std::vector<Neighbor> ranking;
  for (Eigen::Index row = 0; row < reached.size(); ++row) {
    if (reached[row] > 0) ranking.push_back({row, static_cast<float>(reached[row])});
  }
  std::sort(ranking.begin(), ranking.end(), search::Better);
  for (const Neighbor& neighbor : nearest) {
    if (reached[neighbor.index] <= 0) ranking.push_back({neighbor.index, 0});
  }
  ranking.resize(std::min(ranking.size(), ToIndex(std::max<int64_t>(0, k))));
  return ranking;
}

}  // namespace vantage
