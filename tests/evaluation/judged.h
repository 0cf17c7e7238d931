// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "vantage/evaluation.h"

namespace vantage::evaluation {

// Rankings of a database, judged as those of a benchmark with one task.
inline EvaluationResults Judged(const std::vector<std::vector<int64_t>>& rankings,
                                const std::vector<Relevance>& relevances,
                                const Judging& judging = LandmarkJudging(),
                                const std::vector<std::vector<int64_t>>& distractors_above = {}) {
  Benchmark benchmark;
  benchmark.judging = judging;
  for (const Relevance& relevance : relevances) {
    benchmark.queries.push_back({"q.jpg", std::nullopt, relevance, std::nullopt, {}});
  }
  return JudgeRankings(benchmark, "", {rankings, {}}, 0, distractors_above);
}

inline double Mean(const EvaluationResults& results, const std::string& figure) {
  return FigureOfTask(results, results.main_task, figure).mean;
}

inline std::vector<double> Values(const EvaluationResults& results, const std::string& figure) {
  return FigureOfTask(results, results.main_task, figure).values;
}

// The means of a task's figures.
inline std::vector<double> Means(const EvaluationResults& results, const std::string& task = "") {
  std::vector<double> means;
  for (const TaskFigure& figure : FiguresOfTask(results, task)) means.push_back(figure.mean);
  return means;
}

}  // namespace vantage::evaluation
