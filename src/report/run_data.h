// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "report/run_examples.h"
#include "vantage/metrics.h"

namespace vantage::report {

// Content of a run's folder that the page shows.
struct RunData {
  std::string name;
  std::vector<EpochMetrics> epochs;
  std::vector<StepMetrics> steps;
  std::optional<int64_t> best_epoch;
  std::string configuration;          // text of config.toml; "" if it cannot be read
  std::vector<RunExamples> examples;  // from the first and the last epoch with examples; 0 to 2 items
  std::vector<std::string> notes;     // what is missing and why, plain text
};

// Throws Error if metrics.csv is missing or damaged. Other missing or damaged files give a note each.
RunData ReadRun(const std::filesystem::path& run);

}  // namespace vantage::report
