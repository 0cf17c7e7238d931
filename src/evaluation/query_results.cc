// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <sstream>
#include <utility>

#include "util/check.h"
#include "util/csv.h"
#include "util/index.h"
#include "vantage/evaluation.h"

namespace vantage {
namespace {

const std::vector<std::string> kColumns = {"task", "query", "positives"};  // the figures follow

using ByQuery = std::map<std::pair<std::string, int64_t>, const QueryResult*>;

// The queries of each task by name. A photo with several boxes has several queries, numbered in their order.
std::map<std::string, ByQuery> ByTask(const std::vector<QueryResult>& results) {
  std::map<std::string, ByQuery> by_task;
  std::map<std::pair<std::string, std::string>, int64_t> seen;
  for (const QueryResult& result : results) {
    by_task[result.task][{result.query, seen[{result.task, result.query}]++}] = &result;
  }
  return by_task;
}

// Positions of a figure in two runs' lists of figures.
struct FigurePlaces {
  size_t first = 0;
  size_t second = 0;
};

// The table figures that both runs have, in the order of the second run.
std::vector<FigurePlaces> SharedFigures(const EvaluationResults& first, const std::string& first_source,
                                        const EvaluationResults& second) {
  std::vector<FigurePlaces> shared;
  std::vector<std::string> names;
  for (size_t place = 0; place < second.figures.size(); ++place) {
    const Figure& figure = second.figures[place];
    if (!figure.in_tables) continue;
    names.push_back(figure.name);
    const auto found = std::find_if(first.figures.begin(), first.figures.end(),
                                    [&](const Figure& other) { return other.name == figure.name; });
    if (found != first.figures.end()) shared.push_back({ToIndex(found - first.figures.begin()), place});
  }
  VANTAGE_CHECK(!shared.empty(), first_source, ": has none of this run's figures: ", Join(names, ", "));
  return shared;
}

}  // namespace

std::string FormatQueryResults(const EvaluationResults& results) {
  std::vector<std::string> head = kColumns;
  for (const Figure& figure : results.figures) {
    if (figure.in_tables) head.push_back(figure.name);
  }
  std::string text = FormatCsvRow(head);
  for (const QueryResult& query : results.queries) {
    std::vector<std::string> row = {query.task, query.query, std::to_string(query.positives)};
    for (size_t i = 0; i < results.figures.size(); ++i) {
      const double value = query.figures.at(i);
      if (results.figures[i].in_tables) row.push_back(std::isnan(value) ? "nan" : FormatShortest(value));
    }
    text += FormatCsvRow(row);
  }
  return text;
}

EvaluationResults ParseQueryResults(const std::string& text, const std::string& source) {
  std::istringstream lines(text);
  std::string line;
  std::getline(lines, line);
  const std::vector<std::string> head = ParseCsvRow(line, source + ":1");
  VANTAGE_CHECK(head.size() > kColumns.size() && std::equal(kColumns.begin(), kColumns.end(), head.begin()),
                source, ": not a file of --per-query: its first line does not begin with ",
                Join(kColumns, ","), " and a figure");
  EvaluationResults results;
  results.source = source;
  results.has_all_ranks = false;
  for (size_t i = kColumns.size(); i < head.size(); ++i) {
    results.figures.push_back({.name = head[i], .label = head[i], .mean_label = head[i]});
  }
  for (int64_t number = 2; std::getline(lines, line); ++number) {
    const std::string place = StrCat(source, ":", number);
    const std::vector<std::string> cells = ParseCsvRow(line, place);
    VANTAGE_CHECK(cells.size() == head.size(), place, ": ", cells.size(), " values for ", head.size(),
                  " columns");
    QueryResult query{cells[0], cells[1], ParseInteger(cells[2], place + ": positives")};
    for (size_t i = kColumns.size(); i < head.size(); ++i) {
      const bool none = cells[i] == "nan";
      query.figures.push_back(none ? std::numeric_limits<double>::quiet_NaN()
                                   : ParseDouble(cells[i], StrCat(place, ": ", head[i])));
      const double value = query.figures.back();
      VANTAGE_CHECK(none || (value >= 0 && value <= 1 + 1e-9), place, ": ", head[i], " of ", cells[i]);
    }
    if (std::find(results.tasks.begin(), results.tasks.end(), query.task) == results.tasks.end()) {
      results.tasks.push_back(query.task);
    }
    results.queries.push_back(std::move(query));
  }
  if (!results.tasks.empty()) results.main_task = results.tasks.front();
  return results;
}

std::vector<QueryPair> PairQueries(const std::vector<QueryResult>& first, const std::string& first_source,
                                   const std::vector<QueryResult>& second) {
  const auto others = ByTask(first);
  std::map<const QueryResult*, const QueryResult*> first_of;
  for (const auto& [task, queries] : ByTask(second)) {
    const auto other = others.find(task);
    VANTAGE_CHECK(other != others.end() && other->second.size() == queries.size(), first_source,
                  ": does not contain this run's queries",
                  task.empty() ? std::string() : StrCat(" in task ", task));
    for (const auto& [key, result] : queries) {
      const auto found = other->second.find(key);
      VANTAGE_CHECK(found != other->second.end(), first_source, ": has no query '", key.first, "'");
      VANTAGE_CHECK(found->second->positives == result->positives, first_source, ": the query '", key.first,
                    "' has ", found->second->positives, " positives there and ", result->positives, " here");
      first_of[result] = found->second;
    }
  }
  std::vector<QueryPair> pairs;
  for (const QueryResult& result : second) pairs.push_back({first_of.at(&result), &result});
  return pairs;
}

std::vector<TaskComparison> CompareRuns(const EvaluationResults& first, const std::string& first_source,
                                        const EvaluationResults& second, const StatisticsOptions& options) {
  std::map<std::string, std::vector<QueryPair>> by_task;
  for (const QueryPair& pair : PairQueries(first.queries, first_source, second.queries)) {
    by_task[pair.second->task].push_back(pair);
  }
  const std::vector<FigurePlaces> shared = SharedFigures(first, first_source, second);
  std::vector<TaskComparison> comparisons;
  for (const auto& [task, pairs] : by_task) {
    for (const FigurePlaces& places : shared) {
      std::vector<double> before;
      std::vector<double> after;
      for (const QueryPair& pair : pairs) {
        before.push_back(pair.first->figures.at(places.first));
        after.push_back(pair.second->figures.at(places.second));
      }
      comparisons.push_back({task, second.figures[places.second], ComparePaired(before, after, options)});
    }
  }
  return comparisons;
}

}  // namespace vantage
