// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "report/run_examples.h"
#include "vantage/metrics.h"

namespace vantage::report {

// What the page tells of a run's folder.
struct RunData {
  std::string name;
  std::vector<EpochMetrics> epochs;
  std::vector<StepMetrics> steps;
  std::optional<int64_t> best_epoch;
  std::string configuration;          // config.toml's text; "" where it cannot be read
  std::vector<RunExamples> examples;  // of the first epoch and the last one that have some; one, or none
  std::vector<std::string> notes;     // what is missing and why, as text
};

// Throws Error where metrics.csv is missing or damaged; other files are named by the notes.
RunData ReadRun(const std::filesystem::path& run);

}  // namespace vantage::report
