// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <optional>

#include "pipeline/photo_folder.h"
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

// Removes each query's own row from its list.
void LeaveOutSelf(std::vector<std::vector<Neighbor>>& neighbors) {
  for (size_t q = 0; q < neighbors.size(); ++q) {
    std::erase_if(neighbors[q], [&](const Neighbor& n) { return n.index == static_cast<int64_t>(q); });
  }
}

// Throws UsageError for options that exclude each other.
void CheckUsage(const SearchTask& task) {
  if (NeedsPhotos(task.options) && task.photos.empty())
    throw UsageError("--stage: this one needs --photos, the folder of the database's photos");
  if (task.recall_queries < 0) throw UsageError("--recall-queries: at least 0");
  if (!task.index) {
    if (!task.index_file.empty()) throw UsageError("--index-file: needs --index, its kind");
    return;
  }
  // Refuses stages that need the whole database before the index is built.
  CheckStages(task.options, /*has_finder=*/true);
  if (ToLower(fs::path(task.output).extension().string()) == ".npy") {
    throw UsageError(
        "-o: an index may find fewer than -k photos for some queries, but the lists in a .npy have one "
        "length; write .csv or .txt");
  }
  if (!task.index_file.empty() && !fs::exists(task.index_file)) const PartialFile writable(task.index_file);
}

// The paths of photos, for stages that read them. `queries` and `database` must outlive the result.
SearchPhotos PhotosOfNames(const SearchTask& task, const std::vector<std::string>& queries,
                           const std::vector<std::string>& database) {
  if (!NeedsPhotos(task.options)) return {};
  const fs::path query_photos = task.query_photos.empty() ? task.photos : task.query_photos;
  pipeline::CheckPhotoFolder(queries, query_photos);
  pipeline::CheckPhotoFolder(database, task.photos);
  return {.query = [&queries, query_photos](size_t query) { return PhotoPath(queries[query], query_photos); },
          .database = [&database, photos = fs::path(task.photos)](
                          int64_t row) { return PhotoPath(database[ToIndex(row)], photos); }};
}

// Empty, which means exact search, if there is no index.
NeighborFinder FinderOf(const std::optional<ObtainedIndex>& index, const DescriptorDatabase& database,
                        const RunContext& context) {
  if (!index) return {};
  return [&](const DescriptorMatrix& queries, int64_t k) {
    return index->index.Query(queries, database, k, context);
  };
}

}  // namespace

void pipeline::CheckPhotoFolder(const std::vector<std::string>& names, const fs::path& folder) {
  if (names.empty()) return;
  const fs::path first = PhotoPath(names[0], folder);
  VANTAGE_CHECK(fs::exists(first), first.string(),
                ": no such photo; the descriptors' names start from another folder than ", folder.string());
}

SearchSummary Search(const SearchTask& task, const RunContext& context) {
  CheckOptions(task.options);
  CheckOptions(task.index);
  if (task.k < 1) throw UsageError("-k: at least 1");
  OutputClaims claims;
  search::CheckRankedListsOutput(
      task.output, {{task.database, task.queries, task.index_file, task.names, task.query_names},
                    task.overwrite,
                    &claims});
  CheckUsage(task);
  const DescriptorReading reading{task.names, task.normalise};
  const DescriptorDatabase database(task.database, reading);
  const bool own = task.queries.empty();
  if (own && !task.query_names.empty()) throw UsageError("--query-names: goes with --queries");
  DescriptorFile queries = own ? ReadDescriptors(task.database, reading)
                               : ReadDescriptors(task.queries, {task.query_names, task.normalise});
  search::CheckRankedListsNames(task.output, database.names());
  search::CheckRankedListsNames(task.output, queries.descriptors.names);
  if (!own) {
    CheckComparable(queries.provenance, task.queries, database.provenance(), task.database);
    WarnUnlessUnitLength(queries.descriptors.values, task.queries);
  }
  VANTAGE_CHECK(database.size() > 0, task.database, ": holds no descriptor");
  SearchFacts facts{.photos = PhotosOfNames(task, queries.descriptors.names, database.names())};

  SearchSummary summary;
  std::optional<ObtainedIndex> index;
  if (task.index) {
    const auto start = std::chrono::steady_clock::now();
    index.emplace(ObtainIndex(task.index_file, database, task.index, context));
    summary.index = {index->index.options().kind(), index->reused, SecondsSince(start)};
  }

  const auto start = std::chrono::steady_clock::now();
  RankedLists lists;
  facts.finder = FinderOf(index, database, context);
  if (!task.options.stages.empty()) facts.own = RowsOfSameNames(queries.descriptors.names, database.names());
  lists.neighbors =
      Search(queries.descriptors.values, database, own ? task.k + 1 : task.k, task.options, context, facts);
  if (own) LeaveOutSelf(lists.neighbors);
  for (auto& found : lists.neighbors) found.resize(std::min(found.size(), ToIndex(task.k)));
  summary.seconds = SecondsSince(start);

  if (index && task.recall_queries > 0) {
    summary.index->recall = MeasureRecall(index->index, queries.descriptors.values, database, task.k,
                                          task.recall_queries, 0, context);
  }
  lists.queries = std::move(queries.descriptors.names);
  WriteRankedLists(lists, database.names(), task.output, context);
  summary.queries = std::ssize(lists.queries);
  summary.photos = database.size();
  summary.k = lists.neighbors.empty() ? 0 : std::ssize(lists.neighbors[0]);
  return summary;
}

}  // namespace vantage
