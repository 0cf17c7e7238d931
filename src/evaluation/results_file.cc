// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>

#include "serialize/json.h"
#include "util/check.h"
#include "util/file.h"
#include "util/rethrow.h"
#include "vantage/evaluation.h"

namespace vantage {
namespace {

using nlohmann::json;

constexpr int kVersion = 1;
constexpr std::array<const char*, 3> kKinds = {"positive", "negative", "junk"};  // as ResultKind

json ToJson(const QueryResult& query) {
  json first = json::array();
  for (const RankedPhoto& photo : query.first) {
    first.push_back({{"name", photo.name},
                     {"kind", kKinds[static_cast<size_t>(photo.kind)]},
                     {"score", serialize::NumberOrNull(photo.score)}});
  }
  json result = {{"task", query.task},
                 {"query", query.query},
                 {"positives", query.positives},
                 {"average_precision", serialize::NumberOrNull(query.average_precision)},
                 {"positive_ranks", query.positive_ranks},
                 {"first", first}};
  if (query.box) result["bbx"] = {query.box->left, query.box->top, query.box->right, query.box->bottom};
  return result;
}

ResultKind ParseKind(const std::string& name, const std::string& place) {
  const auto known = std::find(kKinds.begin(), kKinds.end(), name);
  VANTAGE_CHECK(known != kKinds.end(), place, ": kind '", name, "' is not positive, negative or junk");
  return static_cast<ResultKind>(known - kKinds.begin());
}

void CheckResult(const QueryResult& query, const std::string& place) {
  const double ap = query.average_precision;
  VANTAGE_CHECK(query.positives >= 0, place, ": ", query.positives, " positives");
  VANTAGE_CHECK(std::isnan(ap) ? query.positives == 0 : ap >= 0 && ap <= 1 + 1e-9, place,
                ": an average precision of ", ap, " for ", query.positives, " positives");
  VANTAGE_CHECK(std::ssize(query.positive_ranks) <= query.positives, place, ": ", query.positive_ranks.size(),
                " ranks of ", query.positives, " positives");
  VANTAGE_CHECK(query.positive_ranks.empty() || query.positive_ranks.front() >= 0, place, ": rank ",
                query.positive_ranks.empty() ? 0 : query.positive_ranks.front());
  VANTAGE_CHECK(std::is_sorted(query.positive_ranks.begin(), query.positive_ranks.end()), place,
                ": ranks of positives that do not rise");
}

QueryResult FromJson(const json& entry, const std::string& place) {
  QueryResult query;
  query.task = entry.at("task").get<std::string>();
  query.query = entry.at("query").get<std::string>();
  query.positives = entry.at("positives").get<int64_t>();
  query.average_precision = serialize::NumberOrNaN(entry.at("average_precision"));
  query.positive_ranks = entry.at("positive_ranks").get<std::vector<int64_t>>();
  if (entry.contains("bbx")) {
    const auto box = entry.at("bbx").get<std::array<double, 4>>();
    query.box = Box{box[0], box[1], box[2], box[3]};
  }
  for (const json& photo : entry.at("first")) {
    query.first.push_back({photo.at("name").get<std::string>(),
                           ParseKind(photo.at("kind").get<std::string>(), place),
                           serialize::NumberOrNaN(photo.at("score"))});
  }
  CheckResult(query, place);
  return query;
}

EvaluationResults ParseResults(const std::string& text, const std::string& source) {
  const json document = serialize::ParseJson(text, source);
  EvaluationResults results;
  std::string place = source;
  try {
    VANTAGE_CHECK(document.is_object() && document.contains("vantage_results"), source,
                  ": not a file of --save-results: it has no 'vantage_results'");
    const int version = document.at("vantage_results").get<int>();
    VANTAGE_CHECK(version == kVersion, source, ": results of version ", version, "; this program reads ",
                  kVersion);
    results.benchmark = document.at("benchmark").get<std::string>();
    results.source = document.at("source").get<std::string>();
    results.photos = document.at("photos").get<int64_t>();
    results.missing = document.at("missing").get<std::vector<std::string>>();
    results.tasks = document.at("tasks").get<std::vector<std::string>>();
    for (const json& entry : document.at("queries")) {
      place = StrCat(source, ": queries[", results.queries.size(), "]");
      results.queries.push_back(FromJson(entry, place));
      const std::string& task = results.queries.back().task;
      VANTAGE_CHECK(std::find(results.tasks.begin(), results.tasks.end(), task) != results.tasks.end(), place,
                    ": the task '", task, "' is not among the tasks");
    }
  } catch (const json::exception& error) {
    throw Error(StrCat(place, ": ", PlainReason(error)));
  }
  return results;
}

}  // namespace

std::string FormatResults(const EvaluationResults& results) {
  json queries = json::array();
  for (const QueryResult& query : results.queries) queries.push_back(ToJson(query));
  // Names of photos may be no UTF-8: such bytes are replaced.
  return json({{"vantage_results", kVersion},
               {"benchmark", results.benchmark},
               {"source", results.source},
               {"photos", results.photos},
               {"missing", results.missing},
               {"tasks", results.tasks},
               {"queries", queries}})
             .dump(1, ' ', false, json::error_handler_t::replace) +
         "\n";
}

EvaluationResults ReadResults(const std::filesystem::path& path) try {
  const std::string text = ReadFile(path);
  const std::string source = path.string();
  if (text.starts_with("{")) return ParseResults(text, source);
  EvaluationResults results;
  results.source = source;
  results.has_rankings = false;
  results.queries = ParseQueryResults(text, source);
  for (const QueryResult& query : results.queries) {
    if (std::find(results.tasks.begin(), results.tasks.end(), query.task) == results.tasks.end()) {
      results.tasks.push_back(query.task);
    }
  }
  return results;
} catch (...) {
  RethrowAsError();
}

}  // namespace vantage
