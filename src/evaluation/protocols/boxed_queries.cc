// SPDX-License-Identifier: BSD-3-Clause
#include <map>
#include <nlohmann/json.hpp>
#include <numeric>
#include <optional>
#include <set>
#include <utility>

#include "evaluation/protocols/protocols.h"
#include "serialize/json.h"
#include "util/check.h"
#include "util/file.h"
#include "util/rethrow.h"
#include "vantage/photos.h"

namespace vantage {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr char kQueriesFile[] = "queries.json";

// The database of a folder with queries.json.
struct NamedDatabase {
  std::string source;  // the file's path, for messages
  PhotoFinder finder;
  std::vector<int64_t> places;             // of each row, in finder.photos()
  std::map<int64_t, int64_t> row_of = {};  // by place

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

Benchmark ReadBoxedQueries(const fs::path& folder) try {
  const fs::path queries_path = folder / kQueriesFile;
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
                      "' is not a list of four numbers");
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

Protocol evaluation::BoxedQueries() {
  return {.name = "queries",
          .help = "queries.json names queries, boxes and their positives",
          .read = [](const BenchmarkSource& source) { return ReadBoxedQueries(source.folder); },
          .file = kQueriesFile,
          .recognises = [](const fs::path& folder) { return fs::exists(folder / kQueriesFile); }};
}

}  // namespace vantage
