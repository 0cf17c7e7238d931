// SPDX-License-Identifier: BSD-3-Clause
#include "evaluation_page.h"

#include <unordered_set>

namespace vantage {
namespace {

std::vector<EvaluatedResult> FirstResults(const Benchmark& benchmark, size_t query,
                                          const Relevance& relevance, const DatabaseRankings& rankings,
                                          int64_t count, const std::filesystem::path& folder) {
  const std::unordered_set<int64_t> positives(relevance.positives.begin(), relevance.positives.end());
  const std::unordered_set<int64_t> junk(relevance.junk.begin(), relevance.junk.end());
  std::vector<EvaluatedResult> results;
  for (size_t i = 0; i < rankings.rows[query].size() && static_cast<int64_t>(results.size()) < count; ++i) {
    const int64_t row = rankings.rows[query][i];
    const bool is_junk = junk.count(row) == 1;
    if (is_junk && benchmark.queries[query].row == row) continue;
    const std::filesystem::path& photo = benchmark.photos[static_cast<size_t>(row)];
    const ResultKind kind = positives.count(row) == 1 ? ResultKind::kPositive
                            : is_junk                 ? ResultKind::kJunk
                                                      : ResultKind::kNegative;
    results.push_back({PhotoName(photo, folder), PhotoPath(photo, folder), kind,
                       static_cast<double>(rankings.scores[query][i])});
  }
  return results;
}

}  // namespace

std::vector<EvaluatedQuery> EvaluatedQueries(const BenchmarkInput& input,
                                             const std::vector<TaskScores>& tasks,
                                             const DatabaseRankings& rankings, int64_t results,
                                             const std::filesystem::path& folder) {
  const Benchmark& benchmark = input.benchmark;
  std::vector<EvaluatedQuery> queries;
  for (size_t task = 0; task < tasks.size(); ++task) {
    const std::vector<Relevance> relevances = TaskRelevances(benchmark, task);
    for (size_t q = 0; q < benchmark.queries.size(); ++q) {
      const BenchmarkQuery& query = benchmark.queries[q];
      queries.push_back({PhotoName(query.photo, folder), tasks[task].name, PhotoPath(query.photo, folder),
                         query.box, static_cast<int64_t>(relevances[q].positives.size()),
                         tasks[task].scores.average_precisions[q],
                         FirstResults(benchmark, q, relevances[q], rankings, results, folder)});
    }
  }
  return queries;
}

}  // namespace vantage
