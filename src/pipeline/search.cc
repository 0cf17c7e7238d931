// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <memory>

#include "search/ranked_lists.h"
#include "util/check.h"
#include "util/file.h"
#include "util/index.h"
#include "util/output.h"
#include "util/stopwatch.h"
#include "vantage/photos.h"
#include "vantage/pipeline.h"

namespace vantage {
namespace {

namespace fs = std::filesystem;

// Takes each query's own row out of its list.
void LeaveOutSelf(std::vector<std::vector<Neighbor>>& neighbors) {
  for (size_t q = 0; q < neighbors.size(); ++q) {
    std::erase_if(neighbors[q], [&](const Neighbor& n) { return n.index == static_cast<int64_t>(q); });
  }
}

void CutTo(int k, std::vector<std::vector<Neighbor>>& neighbors) {
  for (auto& found : neighbors) found.resize(std::min(found.size(), ToIndex(k)));
}

// Throws Error if the first of the named photos is not in the folder: the folder is wrong.
void CheckPhotoFolder(const std::vector<std::string>& names, const fs::path& folder) {
  if (names.empty()) return;
  const fs::path first = PhotoPath(names[0], folder);
  VANTAGE_CHECK(fs::exists(first), first.string(),
                ": no such photo; the descriptors' names start from another folder than ", folder.string());
}

// What does not go together.
void CheckUsage(const SearchTask& task) {
  if (task.rerank < 0) throw UsageError("--rerank: at least 0");
  if (task.rerank > 0 && task.photos.empty())
    throw UsageError("--rerank: needs --photos, the folder of the database's photos");
  if (task.recall_queries < 0) throw UsageError("--recall-queries: at least 0");
  if (task.index.kind == "none") {
    if (!task.index_file.empty()) throw UsageError("--index-file: needs --index, its kind");
    return;
  }
  if (task.options.augmentation.neighbors > 0 || task.options.diffusion.enabled) {
    throw UsageError("--augmentation-neighbors, --diffusion: take the whole database: not with --index");
  }
  if (ToLower(fs::path(task.output).extension().string()) == ".npy") {
    throw UsageError(
        "-o: an index may find fewer than -k photos for some queries, and a .npy holds lists of one length; "
        "write .csv or .txt");
  }
  if (!task.index_file.empty() && !fs::exists(task.index_file)) const PartialFile writable(task.index_file);
}

// Compares photos by their local features; empty if that is not asked for. `database` must outlive it.
CloserLook MakeLook(const SearchTask& task, const std::vector<std::string>& queries,
                    const std::vector<std::string>& database) {
  if (task.rerank == 0) return {};
  const fs::path query_photos = task.query_photos.empty() ? task.photos : task.query_photos;
  CheckPhotoFolder(queries, query_photos);
  CheckPhotoFolder(database, task.photos);
  return [matcher = std::make_shared<PhotoMatcher>(task.features, task.match), queries, query_photos,
          &database, photos = fs::path(task.photos)](size_t query, int64_t row) {
    return matcher->Inliers(PhotoPath(queries[query], query_photos),
                            PhotoPath(database[ToIndex(row)], photos));
  };
}

// Exact search if there is no index.
NeighborFinder FinderOf(const std::optional<ObtainedIndex>& index, const DescriptorDatabase& database,
                        const ApproximateSearchOptions& options, const RunContext& context) {
  if (!index) return {};
  return [&](const DescriptorMatrix& queries, int64_t k) {
    return index->index.Query(queries, database, k, options, context);
  };
}

}  // namespace

SearchSummary Search(const SearchTask& task, const RunContext& context) {
  CheckOptions(task.options);
  CheckOptions(task.features);
  CheckOptions(task.match);
  CheckOptions(task.index);
  CheckOptions(task.index_search);
  if (task.k < 1) throw UsageError("-k: at least 1");
  OutputClaims claims;
  search::CheckRankedListsOutput(task.output,
                                 {{task.database, task.queries, task.index_file}, task.overwrite, &claims});
  CheckUsage(task);
  const DescriptorDatabase database(task.database);
  const bool own = task.queries.empty();
  DescriptorFile queries = ReadDescriptors(own ? task.database : task.queries);
  search::CheckRankedListsNames(task.output, database.names());
  search::CheckRankedListsNames(task.output, queries.descriptors.names);
  if (!own) {
    CheckComparable(queries.provenance, task.queries, database.provenance(), task.database);
    WarnUnlessUnitLength(queries.descriptors.values, task.queries);
  }
  VANTAGE_CHECK(database.size() > 0, task.database, ": holds no descriptor");
  const CloserLook look = MakeLook(task, queries.descriptors.names, database.names());

  SearchSummary summary;
  std::optional<ObtainedIndex> index;
  if (task.index.kind != "none") {
    const auto start = std::chrono::steady_clock::now();
    index.emplace(ObtainIndex(task.index_file, database, task.index, context));
    summary.index = {index->index.options().kind, index->reused, SecondsSince(start)};
  }

  const auto start = std::chrono::steady_clock::now();
  RankedLists lists;
  const int64_t wanted = std::max(task.k, task.rerank);
  const bool plain = task.options.expansion.kind == "none" && !task.options.diffusion.enabled &&
                     task.options.superglobal.count == 0;
  const OwnRows own_rows = plain ? OwnRows() : RowsOfSameNames(queries.descriptors.names, database.names());
  lists.neighbors = Search(queries.descriptors.values, database, own ? wanted + 1 : wanted, task.options,
                           context, FinderOf(index, database, task.index_search, context), own_rows);
  if (own) LeaveOutSelf(lists.neighbors);
  if (task.rerank > 0) lists.neighbors = RerankTop(std::move(lists.neighbors), task.rerank, look, context);
  CutTo(task.k, lists.neighbors);
  summary.seconds = SecondsSince(start);

  if (index && task.recall_queries > 0) {
    summary.index->recall = MeasureRecall(index->index, queries.descriptors.values, database, task.k,
                                          task.index_search, task.recall_queries, 0, context);
  }
  lists.queries = std::move(queries.descriptors.names);
  WriteRankedLists(lists, database.names(), task.output, context);
  summary.queries = std::ssize(lists.queries);
  summary.photos = database.size();
  summary.k = lists.neighbors.empty() ? 0 : std::ssize(lists.neighbors[0]);
  return summary;
}

}  // namespace vantage
