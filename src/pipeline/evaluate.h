// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <limits>
#include <string>
#include <vector>

#include "report/evaluation_report.h"
#include "vantage/evaluation.h"
#include "vantage/pipeline.h"

namespace vantage::pipeline {

// A benchmark to evaluate, with a model, with existing descriptors, or with another program's ranked lists.
struct EvaluateTask {
  ModelSource source;  // a model, descriptors or ranked lists
  ModelDescriptorOptions descriptor;
  std::vector<Protocol> protocols = Protocols();
  std::string data;
  std::string benchmark;
  std::string ground_truth;
  std::string queries;
  std::string names;        // DescriptorReading::names of the photos' descriptors
  std::string query_names;  // and of the queries'
  bool normalise = false;
  std::string turns;
  int query_every = 1;
  std::vector<std::string> distractors;
  bool partial = false;
  std::string save;
  bool restart = false;
  std::string per_query;
  std::string save_results;
  std::string compare;
  std::string report;
  SearchOptions search;
  StatisticsOptions statistics;
  report::EvaluationReportOptions report_options;
  bool overwrite = false;
};

struct EvaluationOutcome {
  EvaluationResults results;
  BenchmarkDescriptors described;  // empty for ranked lists
  // Time of all queries, including what the database needs for it; NaN if nothing was searched.
  double search_seconds = std::numeric_limits<double>::quiet_NaN();
  int64_t left_out = 0;                     // number of descriptors in a file that the benchmark does not use
  std::vector<TaskComparison> comparisons;  // with the run that was named; the main figure's is first
};

// Throws under the same conditions as the functions of pipeline.h.
EvaluationOutcome Evaluate(const EvaluateTask& task, const RunContext& context = {});

}  // namespace vantage::pipeline
