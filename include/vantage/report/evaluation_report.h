// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "vantage/config/options_description.h"
#include "vantage/image/image.h"
#include "vantage/report/thumbnail.h"
#include "vantage/util/run_context.h"

namespace vantage {

// What an evaluation found, as its page shows it.
struct EvaluationFigure {
  std::string value;   // "47.50 %"
  std::string label;   // "mAP"
  std::string detail;  // "42.1 to 53.0"
};

enum class ResultKind { kPositive, kNegative, kJunk };

struct EvaluatedResult {
  std::string name;
  std::filesystem::path photo;
  ResultKind kind = ResultKind::kNegative;
  double score = 0;
};

struct EvaluatedQuery {
  std::string name;
  std::string task;  // "" where the benchmark has one
  std::filesystem::path photo;
  std::optional<Box> box;  // what was asked for, pixels
  int64_t positives = 0;
  double average_precision = 0;          // [0, 1]; NaN: without positives, not shown
  std::vector<EvaluatedResult> results;  // the first of the ranking
};

struct EvaluationReport {
  std::string name;  // of the benchmark
  std::vector<std::string> notes;
  std::vector<EvaluationFigure> figures;
  std::vector<EvaluatedQuery> queries;
};

struct EvaluationReportOptions {
  // Queries shown with their results: those with the lowest, and with the highest average precision. The
  // others are in the chart only. At least 0.
  int64_t worst = 20;
  int64_t best = 5;
  // Results shown of each, at least 1.
  int64_t results = 12;
  ThumbnailOptions thumbnails;
};
void Describe(OptionsDescription& description, EvaluationReportOptions& options);

struct EvaluationReportSummary {
  int64_t queries = 0;  // shown with results
  int64_t photos = 0;
  int64_t bytes = 0;
  std::vector<std::string> unreadable;  // "NAME: why"
};

// Writes one HTML file: figures, average precision of all queries in order, and the worst and best queries
// with what they found, in frames that say what is right, wrong and junk. Throws Error where it cannot be
// written; Interrupted.
EvaluationReportSummary WriteEvaluationReport(const EvaluationReport& report,
                                              const EvaluationReportOptions& options,
                                              const std::filesystem::path& output,
                                              const RunContext& context = {});

}  // namespace vantage
