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

// What the page of an evaluation shows.
struct EvaluationReport {
  EvaluationResults run;
  // Another run of the same queries, to be shown beside this one, and what it is called.
  std::optional<EvaluationResults> other = {};
  std::string other_name = {};
  std::filesystem::path folder = {};  // that the names of photos are relative to
  StatisticsOptions statistics = {};
};

struct EvaluationReportOptions {
  // Queries shown with their results: those with the lowest and with the highest main figure, and beside
  // another run those in which it differs most. The others are in the chart only. At least 0.
  int64_t worst = 20;
  int64_t best = 5;
  int64_t changed = 20;
  // Results shown of each, at least 1.
  int64_t results = 12;
  ThumbnailOptions thumbnails;
};
void Declare(OptionsDescription& description, EvaluationReportOptions& options);

struct EvaluationReportSummary {
  int64_t queries = 0;  // shown with results
  int64_t photos = 0;
  int64_t bytes = 0;
  std::vector<std::string> unreadable;  // "NAME: why"
};

// Writes one HTML file: figures, precision against recall, the main figure of all queries in order, and the
// queries chosen with what they found, in frames that say what is right, wrong and junk; of two runs both
// sides. Throws Error where it cannot be written, or the other run has other queries; Interrupted.
EvaluationReportSummary WriteEvaluationReport(const EvaluationReport& report,
                                              const EvaluationReportOptions& options,
                                              const std::filesystem::path& output,
                                              const RunContext& context = {});

}  // namespace vantage::report
