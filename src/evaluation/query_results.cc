// SPDX-License-Identifier: BSD-3-Clause
#include <cmath>
#include <limits>
#include <map>
#include <sstream>
#include <utility>

#include "util/check.h"
#include "util/csv.h"
#include "vantage/evaluation.h"

namespace vantage {
namespace {

const std::vector<std::string> kColumns = {"task", "query", "positives", "average_precision"};

using ByQuery = std::map<std::pair<std::string, int64_t>, const QueryResult*>;

// The queries by name, those of one photo with several boxes told apart by their order, of each task.
std::map<std::string, ByQuery> ByTask(const std::vector<QueryResult>& results) {
  std::map<std::string, ByQuery> by_task;
  std::map<std::pair<std::string, std::string>, int64_t> seen;
  for (const QueryResult& result : results) {
    by_task[result.task][{result.query, seen[{result.task, result.query}]++}] = &result;
  }
  return by_task;
}

}  // namespace

std::string FormatQueryResults(const std::vector<QueryResult>& results) {
  std::string text = FormatCsvRow(kColumns);
  for (const QueryResult& result : results) {
    const double ap = result.average_precision;
    text += FormatCsvRow({result.task, result.query, std::to_string(result.positives),
                          std::isnan(ap) ? std::string("nan") : FormatShortest(ap)});
  }
  return text;
}

std::vector<QueryResult> ParseQueryResults(const std::string& text, const std::string& source) {
  std::istringstream lines(text);
  std::string line;
  VANTAGE_CHECK(std::getline(lines, line) && ParseCsvRow(line, source + ":1") == kColumns, source,
                ": not a file of --per-query: its first line is not ", Join(kColumns, ","));
  std::vector<QueryResult> results;
  for (int64_t number = 2; std::getline(lines, line); ++number) {
    const std::string place = StrCat(source, ":", number);
    const std::vector<std::string> cells = ParseCsvRow(line, place);
    VANTAGE_CHECK(cells.size() == kColumns.size(), place, ": ", cells.size(), " values for ", kColumns.size(),
                  " columns");
    const bool none = cells[3] == "nan";
    results.push_back({cells[0], cells[1], ParseInteger(cells[2], place + ": positives"),
                       none ? std::numeric_limits<double>::quiet_NaN()
                            : ParseDouble(cells[3], place + ": average_precision")});
    const double ap = results.back().average_precision;
    VANTAGE_CHECK(none || (ap >= 0 && ap <= 1 + 1e-9), place, ": an average precision of ", cells[3]);
  }
  return results;
}

std::vector<QueryPair> PairQueries(const std::vector<QueryResult>& first, const std::string& first_source,
                                   const std::vector<QueryResult>& second) {
  const auto others = ByTask(first);
  std::map<const QueryResult*, const QueryResult*> first_of;
  for (const auto& [task, queries] : ByTask(second)) {
    const auto other = others.find(task);
    VANTAGE_CHECK(other != others.end() && other->second.size() == queries.size(), first_source,
                  ": has not the queries of this run",
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

std::vector<TaskComparison> CompareRuns(const std::vector<QueryResult>& first,
                                        const std::string& first_source,
                                        const std::vector<QueryResult>& second,
                                        const StatisticsOptions& options) {
  std::map<std::string, std::pair<std::vector<double>, std::vector<double>>> by_task;
  for (const QueryPair& pair : PairQueries(first, first_source, second)) {
    auto& [before, after] = by_task[pair.second->task];
    before.push_back(pair.first->average_precision);
    after.push_back(pair.second->average_precision);
  }
  std::vector<TaskComparison> comparisons;
  for (const auto& [task, values] : by_task) {
    comparisons.push_back({task, ComparePaired(values.first, values.second, options)});
  }
  return comparisons;
}

}  // namespace vantage
