// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "report/thumbnail.h"
#include "vantage/evaluation.h"
#include "vantage/options.h"
#include "vantage/run_context.h"

namespace vantage::report {

// Input of an evaluation's page.
struct EvaluationReport {
  EvaluationResults run;
  // Another run of the same queries for comparison, and its name.
  std::optional<EvaluationResults> other = {};
  std::string other_name = {};
  std::filesystem::path folder = {};  // folder that the names of photos are relative to
  StatisticsOptions statistics = {};
};

struct EvaluationReportOptions {
  // Numbers of queries shown with their results: those with the lowest and with the highest main figure and,
  // if there is another run, those whose main figure differs most. The others appear only in the chart. At
  // least 0.
  int64_t worst = 20;
  int64_t best = 5;
  int64_t changed = 20;
  // Number of results shown for each query, at least 1.
  int64_t results = 12;
  ThumbnailOptions thumbnails;
};
void Declare(OptionsDescription& description, EvaluationReportOptions& options);

struct EvaluationReportSummary {
  int64_t queries = 0;  // number shown with results
  int64_t photos = 0;
  int64_t bytes = 0;
  std::vector<std::string> unreadable;  // "NAME: reason"
};

// Writes one HTML file: figures, precision against recall, the main figure of all queries in ascending order,
// and the chosen queries with their results, in frames that mark positives, negatives and junk. With another
// run, it shows the results of both. Throws Error if the file cannot be written or the other run has other
// queries; throws Interrupted.
EvaluationReportSummary WriteEvaluationReport(const EvaluationReport& report,
                                              const EvaluationReportOptions& options,
                                              const std::filesystem::path& output,
                                              const RunContext& context = {});

}  // namespace vantage::report
