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

constexpr int kVersion = 2;
constexpr std::array<const char*, 3> kKinds = {"positive", "negative", "junk"};  // in the order of ResultKind

json ToJson(const Figure& figure) {
  return {{"name", figure.name}, {"label", figure.label}, {"mean_label", figure.mean_label}};
}

json ToJson(const QueryResult& query, const std::vector<Figure>& figures) {
  json first = json::array();
  for (const RankedPhoto& photo : query.first) {
    first.push_back({{"name", photo.name},
                     {"kind", kKinds[static_cast<size_t>(photo.kind)]},
                     {"score", serialize::NumberOrNull(photo.score)}});
  }
  json result = {{"task", query.task},
                 {"query", query.query},
                 {"positives", query.positives},
                 {"positive_ranks", query.positive_ranks},
                 {"first", first}};
  for (size_t i = 0; i < figures.size(); ++i) {
    if (figures[i].in_tables)
      result["figures"][figures[i].name] = serialize::NumberOrNull(query.figures.at(i));
  }
  if (query.box) result["bbx"] = {query.box->left, query.box->top, query.box->right, query.box->bottom};
  return result;
}

ResultKind ParseKind(const std::string& name, const std::string& place) {
  const auto known = std::find(kKinds.begin(), kKinds.end(), name);
  VANTAGE_CHECK(known != kKinds.end(), place, ": kind '", name, "' is not positive, negative or junk");
  return static_cast<ResultKind>(known - kKinds.begin());
}

void CheckResult(const QueryResult& query, const std::vector<Figure>& figures, const std::string& place) {
  VANTAGE_CHECK(query.positives >= 0, place, ": ", query.positives, " positives");
  for (size_t i = 0; i < figures.size(); ++i) {
    const double value = query.figures[i];
    VANTAGE_CHECK(std::isnan(value) ? query.positives == 0 : value >= 0 && value <= 1 + 1e-9, place, ": ",
                  figures[i].name, " of ", value, " for ", query.positives, " positives");
  }
  VANTAGE_CHECK(std::ssize(query.positive_ranks) <= query.positives, place, ": ", query.positive_ranks.size(),
                " ranks of ", query.positives, " positives");
  VANTAGE_CHECK(query.positive_ranks.empty() || query.positive_ranks.front() >= 0, place, ": rank ",
                query.positive_ranks.empty() ? 0 : query.positive_ranks.front());
  VANTAGE_CHECK(std::is_sorted(query.positive_ranks.begin(), query.positive_ranks.end()), place,
                ": ranks of positives that do not rise");
}

QueryResult FromJson(const json& entry, const std::vector<Figure>& figures, const std::string& place) {
  QueryResult query;
  query.task = entry.at("task").get<std::string>();
  query.query = entry.at("query").get<std::string>();
  query.positives = entry.at("positives").get<int64_t>();
  for (const Figure& figure : figures) {
    query.figures.push_back(serialize::NumberOrNaN(entry.at("figures").at(figure.name)));
  }
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
  CheckResult(query, figures, place);
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
    results.has_all_ranks = document.at("has_all_ranks").get<bool>();
    results.tasks = document.at("tasks").get<std::vector<std::string>>();
    results.main_task = document.at("main_task").get<std::string>();
    for (const json& figure : document.at("figures")) {
      results.figures.push_back({.name = figure.at("name").get<std::string>(),
                                 .label = figure.at("label").get<std::string>(),
                                 .mean_label = figure.at("mean_label").get<std::string>()});
    }
    VANTAGE_CHECK(!results.figures.empty(), source, ": no figures");
    for (const json& entry : document.at("queries")) {
      place = StrCat(source, ": queries[", results.queries.size(), "]");
      results.queries.push_back(FromJson(entry, results.figures, place));
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
  json figures = json::array();
  for (const Figure& figure : results.figures) {
    if (figure.in_tables) figures.push_back(ToJson(figure));
  }
  json queries = json::array();
  for (const QueryResult& query : results.queries) queries.push_back(ToJson(query, results.figures));
  // Names of photos may not be UTF-8; invalid bytes are replaced.
  return json({{"vantage_results", kVersion},
               {"benchmark", results.benchmark},
               {"source", results.source},
               {"photos", results.photos},
               {"missing", results.missing},
               {"has_all_ranks", results.has_all_ranks},
               {"tasks", results.tasks},
               {"main_task", results.main_task},
               {"figures", figures},
               {"queries", queries}})
             .dump(1, ' ', false, json::error_handler_t::replace) +
         "\n";
}

EvaluationResults ReadResults(const std::filesystem::path& path) try {
  const std::string text = ReadFile(path);
  const std::string source = path.string();
  if (text.starts_with("{")) return ParseResults(text, source);
  return ParseQueryResults(text, source);
} catch (...) {
  RethrowAsError();
}

}  // namespace vantage
