// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/evaluation.h"

#include <map>
#include <nlohmann/json.hpp>
#include <numeric>
#include <optional>
#include <set>
#include <utility>

#include "serialize/json.h"
#include "util/check.h"
#include "util/file.h"
#include "util/index.h"
#include "util/rethrow.h"
#include "vantage/photos.h"

namespace vantage {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// The database of a folder with queries.json.
struct NamedDatabase {
  std::string source;  // names the file in messages
  PhotoFinder finder;
  std::vector<int64_t> places;             // of each row among the finder's photos
  std::map<int64_t, int64_t> row_of = {};  // of places

  int64_t Place(const std::string& name) const {
    const std::optional<int64_t> place = finder.Find(name);
    VANTAGE_CHECK(place, source, ": names the photo '", name, "', which is not there");
    return *place;
  }
};

NamedDatabase ReadNamedDatabase(const fs::path& folder, const std::string& source) {
  NamedDatabase database{source, FindPhotosIn(folder), {}};
  if (fs::exists(folder / "images.json")) {
    const json images =
        serialize::ParseJson(ReadFile(folder / "images.json"), (folder / "images.json").string());
    for (const json& name : images.at("imlist")) database.places.push_back(database.Place(name));
  } else {
    database.places.resize(database.finder.photos().size());
    std::iota(database.places.begin(), database.places.end(), 0);
  }
  for (size_t row = 0; row < database.places.size(); ++row) {
    const int64_t place = database.places[row];
    VANTAGE_CHECK(database.row_of.emplace(place, static_cast<int64_t>(row)).second, source,
                  ": the database has the photo '",
                  database.finder.photo(place).lexically_relative(folder).generic_string(), "' twice");
  }
  return database;
}

std::vector<int64_t> Rows(const json& names, const NamedDatabase& database, std::set<int64_t>& seen) {
  std::vector<int64_t> rows;
  for (const json& entry : names) {
    const auto name = entry.get<std::string>();
    const std::optional<int64_t> place = database.finder.Find(name);
    const auto row = place ? database.row_of.find(*place) : database.row_of.end();
    VANTAGE_CHECK(row != database.row_of.end(), database.source, ": names the photo '", name,
                  "', which is not in the database");
    VANTAGE_CHECK(seen.insert(row->second).second, database.source,
                  ": one query's 'ok' and 'junk' name the photo '", name, "' twice");
    rows.push_back(row->second);
  }
  return rows;
}

}  // namespace

std::vector<Relevance> TaskRelevances(const Benchmark& benchmark, size_t task) {
  std::vector<Relevance> relevances;
  for (const BenchmarkQuery& query : benchmark.queries) {
    relevances.push_back(benchmark.tasks.empty() ? query.relevance : query.by_task.at(task));
  }
  return relevances;
}

void LeaveOut(BenchmarkQuery& query) {
  query.relevance.positives.clear();
  for (Relevance& relevance : query.by_task) relevance.positives.clear();
}

Benchmark ReadClassFolders(const fs::path& folder, int query_every) try {
  VANTAGE_CHECK(query_every >= 1, "every ", query_every, "-th photo a query");
  Benchmark benchmark;
  benchmark.name = FolderName(folder);
  for (const auto& [name, paths] : PhotosByClass(folder)) {
    const auto first = std::ssize(benchmark.photos);
    for (const fs::path& path : paths) benchmark.photos.push_back(folder / name / path);
    const auto end = std::ssize(benchmark.photos);
    for (int64_t row = first; row < end && end - first > 1; ++row) {
      if (row % query_every != 0) continue;
      BenchmarkQuery query{benchmark.photos[ToIndex(row)], std::nullopt, {{}, {row}}, row, {}};
      for (int64_t other = first; other < end; ++other) {
        if (other != row) query.relevance.positives.push_back(other);
      }
      benchmark.queries.push_back(std::move(query));
    }
  }
  VANTAGE_CHECK(!benchmark.queries.empty(), folder.string(),
                ": no query: a benchmark has a sub-folder for each class, with two photos or more");
  return benchmark;
} catch (...) {
  RethrowAsError();
}

Benchmark ReadBoxedQueries(const fs::path& folder) try {
  const fs::path queries_path = folder / "queries.json";
  const std::string source = queries_path.string();
  Benchmark benchmark;
  benchmark.name = FolderName(folder);
  try {
    const NamedDatabase database = ReadNamedDatabase(folder, source);
    for (const int64_t place : database.places) benchmark.photos.push_back(database.finder.photo(place));
    for (const json& entry : serialize::ParseJson(ReadFile(queries_path), source)) {
      const int64_t place = database.Place(entry.at("query"));
      BenchmarkQuery query{database.finder.photo(place), std::nullopt, {}, std::nullopt, {}};
      const auto row = database.row_of.find(place);
      if (row != database.row_of.end()) query.row = row->second;
      if (entry.contains("bbx")) {
        const auto box = entry.at("bbx").get<std::vector<double>>();
        VANTAGE_CHECK(box.size() == 4, source, ": 'bbx' of '", entry.at("query").get<std::string>(),
                      "' is no list of four numbers");
        VANTAGE_CHECK(box[0] < box[2] && box[1] < box[3], source, ": 'bbx' of '",
                      entry.at("query").get<std::string>(), "' holds nothing: left, top, right, bottom");
        query.box = Box{box[0], box[1], box[2], box[3]};
      }
      std::set<int64_t> seen;
      query.relevance.positives = Rows(entry.at("ok"), database, seen);
      query.relevance.junk = Rows(entry.value("junk", json::array()), database, seen);
      if (query.row && seen.insert(*query.row).second) query.relevance.junk.push_back(*query.row);
      benchmark.queries.push_back(std::move(query));
    }
  } catch (const json::exception& error) {
    throw Error(StrCat(source, ": ", PlainReason(error)));
  }
  VANTAGE_CHECK(!benchmark.queries.empty(), source, ": no query");
  return benchmark;
} catch (...) {
  RethrowAsError();
}

void AddDistractors(Benchmark& benchmark, const fs::path& folder) try {
  for (const fs::path& path : ListPhotoFiles(folder)) benchmark.photos.push_back(folder / path);
} catch (...) {
  RethrowAsError();
}

RetrievalScores EvaluateDescriptors(const Benchmark& benchmark, const DescriptorMatrix& queries,
                                    const DescriptorMatrix& database, const RunContext& context) {
  VANTAGE_CHECK(
      queries.rows() == std::ssize(benchmark.queries) && database.rows() == std::ssize(benchmark.photos),
      "evaluation: ", queries.rows(), " query and ", database.rows(), " database descriptors for ",
      benchmark.queries.size(), " queries and ", benchmark.photos.size(), " photos");
  return ScoreRankings(RankDatabase(queries, database, context).rows, TaskRelevances(benchmark, 0));
}

}  // namespace vantage
