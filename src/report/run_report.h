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
  // Maximum number of sample queries shown.
  int queries = 40;
  // Maximum number of negatives shown for each query and epoch.
  int negatives = 5;
  ThumbnailOptions thumbnails;
  // Folder that photo paths are relative to; empty: the folder named in the run.
  std::filesystem::path photo_root;
};

struct RunReportSummary {
  int64_t epochs = 0;                   // finished, including epoch 0
  int64_t steps = 0;                    // logged
  int64_t queries = 0;                  // shown
  int64_t photos = 0;                   // shown, each counted once
  int64_t bytes = 0;                    // of the page
  std::vector<std::string> unreadable;  // "PATH: why"
  std::vector<std::string> notes;       // what is missing on the page, and why
};

// Writes a page about a training run, finished or not: curves of losses, learning rate, distances of
// negatives, GeM's p and the benchmark, by epoch and by step; the time of each phase; the hardest negatives
// of sample queries in the first and the last epoch; the configuration. The page is one file, as
// WriteTrainingSetReport's. Reads metrics.csv, steps.csv, examples/ and config.toml in the run's folder. If
// one of them except metrics.csv is missing or damaged, the page has a note. Writes through AtomicFile; equal
// input gives equal bytes. Throws Error if metrics.csv is missing or damaged, or the page cannot be written;
// throws Interrupted.
RunReportSummary WriteRunReport(const std::filesystem::path& run, const RunReportOptions& options,
                                const std::filesystem::path& output, const RunContext& context = {});

}  // namespace vantage::report
