// SPDX-License-Identifier: BSD-3-Clause
#include "search/expansion.h"
#include "vantage/search.h"

#include <algorithm>
#include <cmath>

#include "util/check.h"
#include "util/index.h"

namespace vantage {
namespace {

// Negative similarities to a fractional power are no numbers.
float Weight(float similarity, double alpha) {
  return similarity <= 0 ? 0 : static_cast<float>(std::pow(similarity, alpha));
}

}  // namespace

void Declare(OptionsDescription& description, ExpansionOptions& options) {
  description
      .Add("kind", options.kind,
           "Search again with the nearest added to each query: average, or alpha: weighted by "
           "similarity^alpha")
      .OneOf({"none", "average", "alpha"})
      .Flag("query_expansion");
  description.Add("neighbors", options.neighbors, "How many of the nearest")
      .AtLeast(1)
      .Flag("expansion_neighbors");
  description.Add("alpha", options.alpha, "Exponent of the similarity").AtLeast(0).Flag("expansion_alpha");
}

void Declare(OptionsDescription& description, DatabaseAugmentationOptions& options) {
  description
      .Add("neighbors", options.neighbors, "Add so many of its nearest to each database photo; 0: none")
      .AtLeast(0)
      .Flag("augmentation_neighbors");
  description.Add("alpha", options.alpha, "Exponent of the similarity").AtLeast(0).Flag("augmentation_alpha");
}

DescriptorMatrix search::ExpandQueries(const Eigen::Ref<const DescriptorMatrix>& queries,
                                       const std::vector<std::vector<Neighbor>>& neighbors,
                                       const search::RowReader& rows, const ExpansionOptions& options) {
  CheckOptions(options);
  DescriptorMatrix expanded = queries;
  if (options.kind == "none") return expanded;
  VANTAGE_CHECK(static_cast<Eigen::Index>(neighbors.size()) == queries.rows(),
                "query expansion: ", neighbors.size(), " ranked lists for ", queries.rows(), " queries");
  for (size_t q = 0; q < neighbors.size(); ++q) {
    const auto count =
        static_cast<int64_t>(std::min(neighbors[q].size(), ToIndex(std::max<int64_t>(0, options.neighbors))));
    std::vector<int64_t> indices;
    Eigen::RowVectorXf weights(count);
    for (int64_t i = 0; i < count; ++i) {
      const Neighbor& neighbor = neighbors[q][ToIndex(i)];
      indices.push_back(neighbor.index);
      weights[i] = options.kind == "average" ? 1 : Weight(neighbor.score, options.alpha);
    }
    expanded.row(static_cast<Eigen::Index>(q)) += weights * rows(indices);
  }
  NormalizeRows(expanded);
  return expanded;
}

DescriptorMatrix search::AugmentDatabase(const DescriptorMatrix& database,
                                         const DatabaseAugmentationOptions& options,
                                         const RunContext& context) {
  CheckOptions(options);
  DescriptorMatrix augmented = database;
  if (options.neighbors == 0) return augmented;
  const auto neighbors = NearestNeighbors(database, database, options.neighbors + 1, context);
  for (size_t row = 0; row < neighbors.size(); ++row) {
    int64_t taken = 0;
    for (const Neighbor& neighbor : neighbors[row]) {
      if (neighbor.index == static_cast<int64_t>(row) || taken == options.neighbors) continue;
      ++taken;
      augmented.row(static_cast<Eigen::Index>(row)) +=
          Weight(neighbor.score, options.alpha) * database.row(neighbor.index);
    }
  }
  NormalizeRows(augmented);
  return augmented;
}

}  // namespace vantage
