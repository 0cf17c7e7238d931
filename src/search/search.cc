// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/search.h"
#include "search/diffusion.h"

#include <algorithm>
#include <filesystem>
#include <unordered_map>
#include <utility>

#include "search/expansion.h"
#include "search/superglobal.h"
#include "util/check.h"
#include "util/index.h"
#include "util/parallel.h"
#include "util/rethrow.h"

namespace vantage {
namespace {

void CheckSearch(const SearchOptions& options, const DescriptorMatrix& queries, const OwnRows& own) {
  CheckOptions(options);
  VANTAGE_CHECK(own.empty() || static_cast<Eigen::Index>(own.size()) == queries.rows(),
                "search: own rows of ", own.size(), " queries, not of ", queries.rows());
}

std::string NormalName(const std::string& name) {
  const bool is_normal = name.find("./") == name.npos && name.find("//") == name.npos;
  return is_normal ? name : std::filesystem::path(name).lexically_normal().generic_string();
}

// The query's own row among the first `count`, taken out of them.
std::optional<Neighbor> TakeOwn(std::vector<Neighbor>& ranking, const OwnRows& own, size_t query,
                                int64_t count) {
  if (own.empty() || !own[query]) return std::nullopt;
  const auto end = ranking.begin() + std::min(count, std::ssize(ranking));
  const auto found = std::find_if(ranking.begin(), end,
                                  [&](const Neighbor& neighbor) { return neighbor.index == *own[query]; });
  if (found == end) return std::nullopt;
  const Neighbor taken = *found;
  ranking.erase(found);
  return taken;
}

// One more than `count` if own rows are taken out.
int64_t WithOwn(int64_t count, const OwnRows& own) { return own.empty() ? count : count + 1; }

DescriptorMatrix Expanded(const DescriptorMatrix& queries, const NeighborFinder& nearest,
                          const search::RowReader& rows, const ExpansionOptions& options,
                          const OwnRows& own) {
  if (options.kind == "none") return queries;
  const int64_t count = WithOwn(options.neighbors, own);
  auto neighbors = nearest(queries, count);
  for (size_t q = 0; q < neighbors.size(); ++q) TakeOwn(neighbors[q], own, q, count);
  return search::ExpandQueries(queries, neighbors, rows, options);
}

// The last step, and the first `k` of it.
std::vector<std::vector<Neighbor>> Reranked(std::vector<std::vector<Neighbor>> rankings,
                                            const DescriptorMatrix& queries, const search::RowReader& rows,
                                            int64_t k, const SuperGlobalOptions& options,
                                            const RunContext& context, const OwnRows& own) {
  if (options.count > 0) {
    std::vector<std::optional<Neighbor>> taken;
    for (size_t q = 0; q < rankings.size(); ++q) {
      taken.push_back(TakeOwn(rankings[q], own, q, WithOwn(options.count, own)));
    }
    rankings = search::RerankBySuperGlobal(std::move(rankings), queries, rows, options, context);
    for (size_t q = 0; q < rankings.size(); ++q) {
      if (taken[q]) rankings[q].insert(rankings[q].begin(), *taken[q]);
    }
  }
  for (auto& ranking : rankings) {
    ranking.resize(std::min(ranking.size(), ToIndex(std::max<int64_t>(0, k))));
  }
  return rankings;
}

}  // namespace

void Declare(OptionsDescription& description, SearchOptions& options) {
  description.Nest("expansion", options.expansion, "Queries with their nearest added");
  description.Nest("augmentation", options.augmentation, "Database photos with their nearest added");
  description.Nest("diffusion", options.diffusion, "Ranking along the graph of nearest neighbours");
  description.Nest("superglobal", options.superglobal, "Re-ranking by descriptors refined among the first");
}

OwnRows RowsOfSameNames(const std::vector<std::string>& queries, const std::vector<std::string>& database) {
  std::unordered_map<std::string, std::vector<size_t>> queries_of;
  for (size_t q = 0; q < queries.size(); ++q) queries_of[NormalName(queries[q])].push_back(q);
  OwnRows own(queries.size());
  bool found_any = false;
  for (size_t row = 0; row < database.size(); ++row) {
    const auto found = queries_of.find(NormalName(database[row]));
    if (found == queries_of.end()) continue;
    for (const size_t q : found->second) own[q] = static_cast<int64_t>(row);
    found_any = true;
  }
  return found_any ? own : OwnRows();
}

std::vector<std::vector<Neighbor>> Search(const DescriptorMatrix& queries, const DescriptorMatrix& database,
                                          int64_t k, const SearchOptions& options, const RunContext& context,
                                          const OwnRows& own) try {
  CheckSearch(options, queries, own);
  const DescriptorMatrix* searched = &database;
  DescriptorMatrix augmented;
  if (options.augmentation.neighbors > 0) {
    augmented = search::AugmentDatabase(database, options.augmentation, context);
    searched = &augmented;
  }
  const auto rows = [&](const std::vector<int64_t>& indices) -> DescriptorMatrix {
    return (*searched)(indices, Eigen::all);
  };
  const auto nearest = [&](const DescriptorMatrix& asked, int64_t count) {
    return NearestNeighbors(asked, *searched, count, context);
  };
  const DescriptorMatrix asked = Expanded(queries, nearest, rows, options.expansion, own);
  const int64_t wanted = std::max(k, WithOwn(options.superglobal.count, own));
  if (!options.diffusion.enabled) {
    return Reranked(nearest(asked, wanted), asked, rows, k, options.superglobal, context, own);
  }
  const search::DiffusionGraph graph(*searched, options.diffusion, context);
  auto rankings = nearest(asked, std::max(wanted, WithOwn(options.diffusion.seeds, own)));
  ParallelFor(std::ssize(rankings), context.ThreadCount(), [&](int64_t i) {
    context.CheckCancelled();
    const auto q = ToIndex(i);
    std::vector<Neighbor>& ranking = rankings[q];
    const auto taken = TakeOwn(ranking, own, q, std::ssize(ranking));
    ranking = graph.Rank(ranking, WithOwn(wanted, own));
    if (!taken) return;
    TakeOwn(ranking, own, q, std::ssize(ranking));  // edges lead to it
    ranking.insert(ranking.begin(), *taken);
  });
  return Reranked(std::move(rankings), asked, rows, k, options.superglobal, context, own);
} catch (...) {
  RethrowAsError();
}

std::vector<std::vector<Neighbor>> Search(const DescriptorMatrix& queries, const DescriptorDatabase& database,
                                          int64_t k, const SearchOptions& options, const RunContext& context,
                                          const NeighborFinder& finder, const OwnRows& own) try {
  CheckSearch(options, queries, own);
  if (options.augmentation.neighbors > 0 || options.diffusion.enabled) {
    if (finder) throw UsageError("augmentation and diffusion take the whole database: not with an index");
    const DescriptorMatrix values = database.Read(0, database.size());
    WarnUnlessUnitLength(values, database.path().string());
    return Search(queries, values, k, options, context, own);
  }
  const auto rows = [&](const std::vector<int64_t>& indices) { return database.ReadRows(indices); };
  const auto exact = [&](const DescriptorMatrix& asked, int64_t count) {
    return NearestNeighbors(asked, database, count, context);
  };
  const NeighborFinder& nearest = finder ? finder : exact;
  const DescriptorMatrix asked = Expanded(queries, nearest, rows, options.expansion, own);
  return Reranked(nearest(asked, std::max(k, WithOwn(options.superglobal.count, own))), asked, rows, k,
                  options.superglobal, context, own);
} catch (...) {
  RethrowAsError();
}

}  // namespace vantage
