// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/evaluation.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_set>

#include "util/check.h"
#include "util/index.h"

namespace vantage {
namespace {

namespace fs = std::filesystem;

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
  EvaluationResults results;
  results.benchmark = benchmark.name;
  results.photos = std::ssize(benchmark.photos);
  results.missing = benchmark.missing;
  results.tasks = benchmark.tasks.empty() ? std::vector<std::string>{""} : benchmark.tasks;
  VANTAGE_CHECK(rankings.rows.size() == benchmark.queries.size(), "evaluation: ", rankings.rows.size(),
                " rankings for ", benchmark.queries.size(), " queries");
  for (size_t task = 0; task < results.tasks.size(); ++task) {
    const std::vector<Relevance> relevances = TaskRelevances(benchmark, task);
    const std::vector<double> precisions =
        ScoreRankings(rankings.rows, relevances, {}, distractors_above).average_precisions;
    for (size_t q = 0; q < benchmark.queries.size(); ++q) {
      const BenchmarkQuery& query = benchmark.queries[q];
      const std::span<const int64_t> above =
          distractors_above.empty() ? std::span<const int64_t>() : distractors_above[q];
      results.queries.push_back({results.tasks[task], PhotoName(query.photo, folder),
                                 std::ssize(relevances[q].positives), precisions[q], query.box,
                                 PositiveRanks(rankings.rows[q], relevances[q], above),
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

RetrievalScores ScoresOfTask(const EvaluationResults& results, const std::string& task) {
  std::vector<FoundPositives> found;
  std::vector<double> precisions;
  double sum = 0;
  int64_t judged = 0;
  for (const QueryResult& query : results.queries) {
    if (query.task != task) continue;
    found.push_back({query.positive_ranks, query.positives});
    precisions.push_back(query.average_precision);
    if (std::isnan(query.average_precision)) continue;
    sum += query.average_precision;
    ++judged;
  }
  if (results.has_rankings) return ScoreRanks(found);
  RetrievalScores scores;
  scores.average_precisions = std::move(precisions);
  scores.mean_average_precision =
      judged == 0 ? std::numeric_limits<double>::quiet_NaN() : sum / static_cast<double>(judged);
  return scores;
}

std::vector<double> MeanInterpolatedPrecision(const EvaluationResults& results, const std::string& task,
                                              int levels) {
  std::vector<double> sums(ToIndex(levels), 0.0);
  int64_t judged = 0;
  for (const QueryResult& query : results.queries) {
    if (query.task != task || query.positives == 0) continue;
    ++judged;
    const std::vector<double> precisions =
        InterpolatedPrecision(query.positive_ranks, query.positives, levels);
    for (size_t i = 0; i < sums.size(); ++i) sums[i] += precisions[i];
  }
  if (judged == 0 || !results.has_rankings) return {};
  for (double& sum : sums) sum /= static_cast<double>(judged);
  return sums;
}

}  // namespace vantage
