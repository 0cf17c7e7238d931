// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "benchmark_input.h"
#include "vantage/evaluation/ranking.h"
#include "vantage/report/evaluation_report.h"

namespace vantage {

// What was judged of one task.
struct TaskScores {
  std::string name;  // "" where there is one task
  RetrievalScores scores;
};

// The queries of all tasks with the first `results` of what they found, as the page shows them. The query's
// own photo, where it is in the database and left out of its ranking, is not among them.
std::vector<EvaluatedQuery> EvaluatedQueries(const BenchmarkInput& input,
                                             const std::vector<TaskScores>& tasks,
                                             const DatabaseRankings& rankings, int64_t results,
                                             const std::filesystem::path& folder);

}  // namespace vantage
