// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/evaluation.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_set>
#include <utility>

#include "util/check.h"
#include "util/index.h"

namespace vantage {
namespace {

namespace fs = std::filesystem;

constexpr double kDoesNotCount = std::numeric_limits<double>::quiet_NaN();

std::vector<RankedPhoto> FirstOf(const Benchmark& benchmark, const fs::path& folder, size_t query,
                                 const Relevance& relevance, const DatabaseRankings& rankings,
                                 int64_t count) {
  const std::unordered_set<int64_t> positives(relevance.positives.begin(), relevance.positives.end());
  const std::unordered_set<int64_t> junk(relevance.junk.begin(), relevance.junk.end());
  std::vector<RankedPhoto> first;
  const std::vector<int64_t>& rows = rankings.rows[query];
  for (size_t place = 0; place < rows.size() && std::ssize(first) < count; ++place) {
    const int64_t row = rows[place];
    const bool is_junk = junk.count(row) == 1;
    if (is_junk && benchmark.queries[query].row == row) continue;
    const ResultKind kind = positives.count(row) == 1 ? ResultKind::kPositive
                            : is_junk                 ? ResultKind::kJunk
                                                      : ResultKind::kNegative;
    first.push_back({PhotoName(benchmark.photos[ToIndex(row)], folder), kind,
                     static_cast<double>(rankings.scores[query][place])});
  }
  return first;
}

}  // namespace

std::string PhotoName(const fs::path& photo, const fs::path& folder) {
  const fs::path relative = photo.lexically_relative(folder);
  const bool is_below = !relative.empty() && *relative.begin() != "..";
  return (is_below ? relative : photo).generic_string();
}

std::string SomeOf(const std::vector<std::string>& names) {
  constexpr size_t kShown = 10;
  const size_t shown = std::min(names.size(), kShown);
  const std::string listed = Join({names.begin(), names.begin() + static_cast<std::ptrdiff_t>(shown)}, ", ");
  return shown == names.size() ? listed : StrCat(listed, " and ", names.size() - shown, " more");
}

EvaluationResults JudgeRankings(const Benchmark& benchmark, const fs::path& folder,
                                const DatabaseRankings& rankings, int64_t shown,
                                const std::vector<std::vector<int64_t>>& distractors_above) {
  const Judging& judging = benchmark.judging;
  EvaluationResults results;
  results.benchmark = benchmark.name;
  results.photos = std::ssize(benchmark.photos);
  results.missing = benchmark.missing;
  results.has_all_ranks = judging.first == 0;
  results.tasks = benchmark.tasks.empty() ? std::vector<std::string>{""} : benchmark.tasks;
  results.main_task = results.tasks.at(benchmark.main_task);
  results.figures = judging.figures;
  VANTAGE_CHECK(rankings.rows.size() == benchmark.queries.size(), "evaluation: ", rankings.rows.size(),
                " rankings for ", benchmark.queries.size(), " queries");
  VANTAGE_CHECK(distractors_above.empty() || distractors_above.size() == rankings.rows.size(),
                "evaluation: ", distractors_above.size(), " lists of distractors for ", rankings.rows.size(),
                " rankings");
  for (size_t task = 0; task < results.tasks.size(); ++task) {
    const std::vector<Relevance> relevances = TaskRelevances(benchmark, task);
    for (size_t q = 0; q < benchmark.queries.size(); ++q) {
      const BenchmarkQuery& query = benchmark.queries[q];
      const std::span<const int64_t> above =
          distractors_above.empty() ? std::span<const int64_t>() : distractors_above[q];
      FoundPositives found{PositiveRanks(rankings.rows[q], relevances[q], above),
                           std::ssize(relevances[q].positives)};
      if (judging.first > 0) std::erase_if(found.ranks, [&](int64_t rank) { return rank >= judging.first; });
      std::vector<double> figures = query.is_left_out
                                        ? std::vector<double>(judging.figures.size(), kDoesNotCount)
                                        : JudgeQuery(judging, found);
      results.queries.push_back({results.tasks[task], PhotoName(query.photo, folder), found.count,
                                 std::move(figures), query.box, std::move(found.ranks),
                                 FirstOf(benchmark, folder, q, relevances[q], rankings, shown)});
    }
  }
  return results;
}

std::vector<QueryResult> QueriesOfTask(const EvaluationResults& results, const std::string& task) {
  std::vector<QueryResult> queries;
  for (const QueryResult& query : results.queries) {
    if (query.task == task) queries.push_back(query);
  }
  return queries;
}

int64_t TaskFigure::Counted() const {
  return std::count_if(values.begin(), values.end(), [](double value) { return !std::isnan(value); });
}

std::vector<TaskFigure> FiguresOfTask(const EvaluationResults& results, const std::string& task) {
  std::vector<TaskFigure> figures;
  for (size_t i = 0; i < results.figures.size(); ++i) {
    TaskFigure& figure = figures.emplace_back(TaskFigure{results.figures[i], {}, 0});
    double sum = 0;
    for (const QueryResult& query : results.queries) {
      if (query.task != task) continue;
      figure.values.push_back(query.figures.at(i));
      if (!std::isnan(figure.values.back())) sum += figure.values.back();
    }
    const int64_t counted = figure.Counted();
    figure.mean = counted == 0 ? kDoesNotCount : sum / static_cast<double>(counted);
  }
  return figures;
}

TaskFigure FigureOfTask(const EvaluationResults& results, const std::string& task, const std::string& name) {
  std::vector<std::string> names;
  for (TaskFigure& figure : FiguresOfTask(results, task)) {
    if (figure.figure.name == name) return std::move(figure);
    names.push_back(figure.figure.name);
  }
  throw Error(StrCat(results.benchmark, ": no figure '", name, "'; there are ", Join(names, ", ")));
}

TaskFigure MainFigure(const EvaluationResults& results) {
  return FigureOfTask(results, results.main_task, results.figures.at(0).name);
}

std::string QueriesWithoutPositives::Text() const {
  std::string text;
  if (left_out > 0) text += StrCat(left_out, " queries have no positives and do not count\n");
  if (misses > 0) text += StrCat(misses, " queries have no positives and count as misses\n");
  return text;
}

QueriesWithoutPositives CountWithoutPositives(const EvaluationResults& results, const std::string& task) {
  QueriesWithoutPositives count;
  for (const QueryResult& query : results.queries) {
    if (query.task != task || query.positives > 0) continue;
    ++(std::isnan(query.figures.at(0)) ? count.left_out : count.misses);
  }
  return count;
}

std::vector<double> MeanInterpolatedPrecision(const EvaluationResults& results, const std::string& task,
                                              int levels) {
  if (!results.has_all_ranks) return {};
  std::vector<double> sums(ToIndex(levels), 0.0);
  int64_t judged = 0;
  for (const QueryResult& query : results.queries) {
    if (query.task != task || std::isnan(query.figures.at(0))) continue;
    ++judged;
    if (query.positives == 0) continue;
    const std::vector<double> precisions =
        InterpolatedPrecision(query.positive_ranks, query.positives, levels);
    for (size_t i = 0; i < sums.size(); ++i) sums[i] += precisions[i];
  }
  if (judged == 0) return {};
  for (double& sum : sums) sum /= static_cast<double>(judged);
  return sums;
}

}  // namespace vantage
