// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "report/thumbnail.h"
#include "vantage/run_context.h"

namespace vantage::report {

struct RunReportOptions {
  // Sample queries shown, at most.
  int queries = 40;
  // Negatives shown of each in an epoch, at most.
  int negatives = 5;
  ThumbnailOptions thumbnails;
  // Folder that photo paths are relative to; empty: the one that the run names.
  std::filesystem::path photo_root;
};

struct RunReportSummary {
  int64_t epochs = 0;                   // finished, epoch 0 counted
  int64_t steps = 0;                    // logged
  int64_t queries = 0;                  // shown
  int64_t photos = 0;                   // shown, each counted once
  int64_t bytes = 0;                    // of the page
  std::vector<std::string> unreadable;  // "PATH: why"
  std::vector<std::string> notes;       // what the page lacks, and why
};

// Writes a page about a training run, finished or not: curves of losses, rate, distances of negatives, GeM's
// p and the benchmark, by epoch and by step; where the time went; the hardest negatives of sample queries in
// the first epoch and now; the configuration. One file, as WriteTrainingSetReport's. Reads metrics.csv,
// steps.csv, examples/ and config.toml of the run's folder; where one but the first is missing or damaged, a
// note on the page says so. Writes through AtomicFile; the same input gives the same bytes. Throws Error
// where metrics.csv is missing or damaged, or the page cannot be written; Interrupted.
RunReportSummary WriteRunReport(const std::filesystem::path& run, const RunReportOptions& options,
                                const std::filesystem::path& output, const RunContext& context = {});

}  // namespace vantage::report
