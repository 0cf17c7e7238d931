// SPDX-License-Identifier: BSD-3-Clause
#include "search/stages/superglobal.h"
#include "vantage/search.h"

#include <Eigen/SparseCore>
#include <algorithm>
#include <atomic>
#include <numeric>

#include "numerics/single_threaded_blas.h"
#include "search/neighbor_heap.h"
#include "util/check.h"
#include "util/index.h"
#include "util/parallel.h"

namespace vantage {
namespace {

using Weights = Eigen::SparseMatrix<float, Eigen::RowMajor>;

// Places sorted by value, largest first; equal values keep their order.
std::vector<Eigen::Index> Order(const Eigen::VectorXf& values) {
  std::vector<Eigen::Index> order(ToIndex(values.size()));
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](Eigen::Index a, Eigen::Index b) { return values[a] > values[b]; });
  return order;
}

// The weights W that refine the rows to W x. Each row of W sums to one.
Weights RefiningWeights(const DescriptorMatrix& x, const SuperGlobalOptions& options) {
  const DescriptorMatrix similarities = x * x.transpose();
  const auto count = ToIndex(std::min<Eigen::Index>(options.neighbors, x.rows() - 1));
  std::vector<Eigen::Triplet<float>> entries;
  std::vector<Neighbor> others;
  for (Eigen::Index i = 0; i < x.rows(); ++i) {
    others.clear();
    for (Eigen::Index j = 0; j < x.rows(); ++j) {
      if (j != i) others.push_back({j, similarities(i, j)});
    }
    std::partial_sort(others.begin(), others.begin() + static_cast<std::ptrdiff_t>(count), others.end(),
                      search::Better);
    others.resize(count);
    float sum = 1;
    for (Neighbor& other : others) {
      // Differs from SuperGlobal's code: negative similarities have weight 0, so that the sum stays positive.
      other.score = static_cast<float>(options.beta) * std::max(0.0F, other.score);
      sum += other.score;
    }
    entries.emplace_back(i, i, 1 / sum);
    for (const Neighbor& other : others) entries.emplace_back(i, other.index, other.score / sum);
  }
  Weights weights(x.rows(), x.rows());
  weights.setFromTriplets(entries.begin(), entries.end());
  return weights;
}

Eigen::VectorXf Scores(const Eigen::Ref<const Eigen::RowVectorXf>& query, const DescriptorMatrix& x,
                       const SuperGlobalOptions& options) {
  const Weights weights = RefiningWeights(x, options);
  const Eigen::VectorXf to_query = weights * (x * query.transpose());
  const std::vector<Eigen::Index> order = Order(to_query);
  const auto best = ToIndex(std::min<Eigen::Index>(options.neighbors + 1, x.rows()));
  Eigen::RowVectorXf second = weights.row(order[0]) * x;
  for (size_t i = 1; i < best; ++i) second = second.cwiseMax(Eigen::RowVectorXf(weights.row(order[i]) * x));
  return (to_query + weights * (x * second.transpose())) / 2;
}

class SuperGlobalStage : public search::Stage {
 public:
  explicit SuperGlobalStage(const SuperGlobalOptions& options) : options_(options) {}

  int64_t Wants(int64_t wanted, const OwnRows& own) const override {
    return std::max(wanted, search::WithOwn(options_.top, own));
  }

  void Apply(search::SearchState& state, int64_t input, int64_t /*wanted*/) const override {
    search::RerankOthers(state, input, [&](search::Rankings rankings) {
      return search::RerankBySuperGlobal(std::move(rankings), state.queries, state.rows, options_,
                                         state.context);
    });
  }

 private:
  SuperGlobalOptions options_;
};

}  // namespace

void Declare(OptionsDescription& description, SuperGlobalOptions& options) {
  description.Add("top", options.top, "Results of each ranking that are ranked again, from the first")
      .AtLeast(1);
  description.Add("neighbors", options.neighbors, "Nearest that each is averaged with").AtLeast(0);
  description.Add("beta", options.beta, "Weight of these nearest, times their similarity").Range(0, 1);
}

namespace search {

StageRow SuperGlobal() {
  return MakeStageRow<SuperGlobalOptions>("Rank the first again by descriptors refined among them",
                                          [](const SuperGlobalOptions& options) -> std::unique_ptr<Stage> {
                                            return std::make_unique<SuperGlobalStage>(options);
                                          });
}

}  // namespace search

std::vector<std::vector<Neighbor>> search::RerankBySuperGlobal(
    std::vector<std::vector<Neighbor>> rankings, const Eigen::Ref<const DescriptorMatrix>& queries,
    const search::RowReader& rows, const SuperGlobalOptions& options, const RunContext& context) {
  CheckOptions(options);
  VANTAGE_CHECK(static_cast<Eigen::Index>(rankings.size()) == queries.rows(), "re-ranking: ", rankings.size(),
                " ranked lists for ", queries.rows(), " queries");
  const auto total = std::ssize(rankings);
  std::atomic<int64_t> done = 0;
  const numerics::SingleThreadedBlas one_thread_a_query;
  ParallelFor(total, context.ThreadCount(), [&](int64_t q) {
    const numerics::SingleThreadedBlas in_worker;
    context.CheckCancelled();
    std::vector<Neighbor>& ranking = rankings[ToIndex(q)];
    const std::vector<Neighbor> first(
        ranking.begin(),
        ranking.begin() + std::min<std::ptrdiff_t>(options.top, static_cast<std::ptrdiff_t>(ranking.size())));
    if (!first.empty()) {
      std::vector<int64_t> indices;
      for (const Neighbor& neighbor : first) indices.push_back(neighbor.index);
      const Eigen::VectorXf scores = Scores(queries.row(q), rows(indices), options);
      const std::vector<Eigen::Index> order = Order(scores);
      for (size_t i = 0; i < order.size(); ++i) {
        ranking[i] = {first[ToIndex(order[i])].index, scores[order[i]]};
      }
    }
    context.Report({"re-ranking", ++done, total, ""});
  });
  return rankings;
}

}  // namespace vantage
