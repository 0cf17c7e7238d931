// SPDX-License-Identifier: BSD-3-Clause
#include "search/stages/query_expansion.h"

#include <algorithm>

#include "util/check.h"
#include "util/index.h"

namespace vantage {
namespace {

class QueryExpansion : public search::Stage {
 public:
  QueryExpansion(int64_t neighbors, search::NeighborWeight weight)
      : neighbors_(neighbors), weight_(std::move(weight)) {}

  int64_t Wants(int64_t /*wanted*/, const OwnRows& own) const override {
    return search::WithOwn(neighbors_, own);
  }

  void Apply(search::SearchState& state, int64_t input, int64_t /*wanted*/) const override {
    search::Rankings neighbors = state.Rank(input);
    for (size_t q = 0; q < neighbors.size(); ++q) search::TakeOwn(neighbors[q], state.facts.own, q, input);
    state.queries = search::ExpandQueries(state.queries, neighbors, state.rows, neighbors_, weight_);
    state.rankings.clear();
  }

 private:
  int64_t neighbors_;
  search::NeighborWeight weight_;
};

}  // namespace

void Declare(OptionsDescription& description, AverageExpansionOptions& options) {
  description.Add("neighbors", options.neighbors, "Nearest that are added").AtLeast(1);
}

void Declare(OptionsDescription& description, AlphaExpansionOptions& options) {
  description.Add("neighbors", options.neighbors, "Nearest that are added").AtLeast(1);
  description.Add("alpha", options.alpha, "Exponent of the similarity that is their weight").AtLeast(0);
}

namespace search {

StageRow AverageExpansion() {
  return MakeStageRow<AverageExpansionOptions>(
      "Search again with each query's nearest added to it",
      [](const AverageExpansionOptions& options) -> std::unique_ptr<Stage> {
        return std::make_unique<QueryExpansion>(options.neighbors, [](float) { return 1.0F; });
      });
}

StageRow AlphaExpansion() {
  return MakeStageRow<AlphaExpansionOptions>(
      "Search again with each query's nearest added, weighted by similarity^alpha",
      [](const AlphaExpansionOptions& options) -> std::unique_ptr<Stage> {
        return std::make_unique<QueryExpansion>(options.neighbors, [alpha = options.alpha](float similarity) {
          return PowerWeight(similarity, alpha);
        });
      });
}

}  // namespace search

DescriptorMatrix search::ExpandQueries(const Eigen::Ref<const DescriptorMatrix>& queries,
                                       const Rankings& neighbors, const RowReader& rows, int64_t count,
                                       const NeighborWeight& weight) {
  VANTAGE_CHECK(static_cast<Eigen::Index>(neighbors.size()) == queries.rows(),
                "query expansion: ", neighbors.size(), " ranked lists for ", queries.rows(), " queries");
  DescriptorMatrix expanded = queries;
  for (size_t q = 0; q < neighbors.size(); ++q) {
    const auto taken = std::min(std::ssize(neighbors[q]), static_cast<std::ptrdiff_t>(count));
    std::vector<int64_t> indices;
    Eigen::RowVectorXf weights(taken);
    for (int64_t i = 0; i < taken; ++i) {
      const Neighbor& neighbor = neighbors[q][ToIndex(i)];
      indices.push_back(neighbor.index);
      weights[i] = weight(neighbor.score);
    }
    expanded.row(static_cast<Eigen::Index>(q)) += weights * rows(indices);
  }
  NormalizeRows(expanded);
  return expanded;
}

}  // namespace vantage
