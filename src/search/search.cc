// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/search/search.h"

#include <algorithm>

#include "vantage/util/error.h"
#include "vantage/util/parallel.h"
#include "vantage/util/rethrow.h"

namespace vantage {
namespace {

DescriptorMatrix Expanded(const DescriptorMatrix& queries, const NeighborFinder& nearest,
                          const RowReader& rows, const ExpansionOptions& options) {
  if (options.kind == "none") return queries;
  return ExpandQueries(queries, nearest(queries, options.neighbors), rows, options);
}

// The last step, and the first `k` of it.
std::vector<std::vector<Neighbor>> Reranked(std::vector<std::vector<Neighbor>> rankings,
                                            const DescriptorMatrix& queries, const RowReader& rows, int64_t k,
                                            const SuperGlobalOptions& options, const RunContext& context) {
  if (options.count > 0) {
    rankings = RerankBySuperGlobal(std::move(rankings), queries, rows, options, context);
  }
  for (auto& ranking : rankings) {
    ranking.resize(std::min(ranking.size(), static_cast<size_t>(std::max<int64_t>(0, k))));
  }
  return rankings;
}

}  // namespace

void Describe(OptionsDescription& description, SearchOptions& options) {
  description.Nest("expansion", options.expansion, "Queries with their nearest added");
  description.Nest("augmentation", options.augmentation, "Database photos with their nearest added");
  description.Nest("diffusion", options.diffusion, "Ranking along the graph of nearest neighbours");
  description.Nest("superglobal", options.superglobal, "Re-ranking by descriptors refined among the first");
}

std::vector<std::vector<Neighbor>> Search(const DescriptorMatrix& queries, const DescriptorMatrix& database,
                                          int64_t k, const SearchOptions& options,
                                          const RunContext& context) try {
  CheckOptions(options);
  const DescriptorMatrix* searched = &database;
  DescriptorMatrix augmented;
  if (options.augmentation.neighbors > 0) {
    augmented = AugmentDatabase(database, options.augmentation, context);
    searched = &augmented;
  }
  const auto rows = [&](const std::vector<int64_t>& indices) -> DescriptorMatrix {
    return (*searched)(indices, Eigen::all);
  };
  const auto nearest = [&](const DescriptorMatrix& asked, int64_t count) {
    return NearestNeighbors(asked, *searched, count, context);
  };
  const DescriptorMatrix asked = Expanded(queries, nearest, rows, options.expansion);
  const int64_t wanted = std::max(k, options.superglobal.count);
  if (!options.diffusion.enabled) {
    return Reranked(nearest(asked, wanted), asked, rows, k, options.superglobal, context);
  }
  const DiffusionGraph graph(*searched, options.diffusion, context);
  auto rankings = nearest(asked, std::max(wanted, options.diffusion.seeds));
  ParallelFor(static_cast<int64_t>(rankings.size()), context.ThreadCount(), [&](int64_t q) {
    context.CheckCancelled();
    std::vector<Neighbor>& ranking = rankings[static_cast<size_t>(q)];
    ranking = graph.Rank(ranking, wanted);
  });
  return Reranked(std::move(rankings), asked, rows, k, options.superglobal, context);
} catch (...) {
  RethrowAsError();
}

std::vector<std::vector<Neighbor>> Search(const DescriptorMatrix& queries, const DescriptorDatabase& database,
                                          int64_t k, const SearchOptions& options, const RunContext& context,
                                          const NeighborFinder& finder) try {
  CheckOptions(options);
  if (options.augmentation.neighbors > 0 || options.diffusion.enabled) {
    if (finder) throw UsageError("augmentation and diffusion take the whole database: not with an index");
    return Search(queries, database.Read(0, database.size()), k, options, context);
  }
  const auto rows = [&](const std::vector<int64_t>& indices) { return database.ReadRows(indices); };
  const auto exact = [&](const DescriptorMatrix& asked, int64_t count) {
    return NearestNeighbors(asked, database, count, context);
  };
  const NeighborFinder& nearest = finder ? finder : exact;
  const DescriptorMatrix asked = Expanded(queries, nearest, rows, options.expansion);
  return Reranked(nearest(asked, std::max(k, options.superglobal.count)), asked, rows, k, options.superglobal,
                  context);
} catch (...) {
  RethrowAsError();
}

}  // namespace vantage
