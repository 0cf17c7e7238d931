// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/search/search.h"

#include <algorithm>

#include "vantage/util/parallel.h"

namespace vantage {
namespace {

void Check(SearchOptions options) {
  OptionsDescription description;
  Describe(description, options);
  CheckOptions(description);
}

// Database: DescriptorMatrix or DescriptorDatabase.
template <typename Database>
DescriptorMatrix Expanded(const DescriptorMatrix& queries, const Database& database, const RowReader& rows,
                          const ExpansionOptions& options, const RunContext& context) {
  if (options.kind == "none") return queries;
  return ExpandQueries(queries, NearestNeighbors(queries, database, options.neighbors, context), rows,
                       options);
}

}  // namespace

void Describe(OptionsDescription& description, SearchOptions& options) {
  description.Nest("expansion", options.expansion, "Queries with their nearest added");
  description.Nest("augmentation", options.augmentation, "Database photos with their nearest added");
  description.Nest("diffusion", options.diffusion, "Ranking along the graph of nearest neighbours");
}

std::vector<std::vector<Neighbor>> Search(const DescriptorMatrix& queries, const DescriptorMatrix& database,
                                          int64_t k, const SearchOptions& options,
                                          const RunContext& context) {
  Check(options);
  const DescriptorMatrix* searched = &database;
  DescriptorMatrix augmented;
  if (options.augmentation.neighbors > 0) {
    augmented = AugmentDatabase(database, options.augmentation, context);
    searched = &augmented;
  }
  const auto rows = [&](const std::vector<int64_t>& indices) -> DescriptorMatrix {
    return (*searched)(indices, Eigen::all);
  };
  const DescriptorMatrix asked = Expanded(queries, *searched, rows, options.expansion, context);
  if (!options.diffusion.enabled) return NearestNeighbors(asked, *searched, k, context);
  const DiffusionGraph graph(*searched, options.diffusion, context);
  auto rankings = NearestNeighbors(asked, *searched, std::max(k, options.diffusion.seeds), context);
  ParallelFor(static_cast<int64_t>(rankings.size()), context.ThreadCount(), [&](int64_t q) {
    context.CheckCancelled();
    std::vector<Neighbor>& ranking = rankings[static_cast<size_t>(q)];
    ranking = graph.Rank(ranking, k);
  });
  return rankings;
}

std::vector<std::vector<Neighbor>> Search(const DescriptorMatrix& queries, const DescriptorDatabase& database,
                                          int64_t k, const SearchOptions& options,
                                          const RunContext& context) {
  Check(options);
  if (options.augmentation.neighbors > 0 || options.diffusion.enabled) {
    return Search(queries, database.Read(0, database.size()), k, options, context);
  }
  const auto rows = [&](const std::vector<int64_t>& indices) { return database.ReadRows(indices); };
  const DescriptorMatrix asked = Expanded(queries, database, rows, options.expansion, context);
  return NearestNeighbors(asked, database, k, context);
}

}  // namespace vantage
