// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>
#include <vector>

namespace vantage::report {

struct ExamplePhoto {
  std::string path;  // relative to the photos' folder, or absolute
  std::string scene;
  // Distance from the query's descriptor, in [0, 2]; NaN if it is not known.
  double distance = std::numeric_limits<double>::quiet_NaN();
};

// A query with the negatives that an epoch's mining found.
struct RunExample {
  ExamplePhoto query;
  ExamplePhoto positive;
  std::vector<ExamplePhoto> negatives;  // nearest first
};

// Content of RUN/examples/epoch-0000.json.
struct RunExamples {
  int64_t epoch = 0;
  std::filesystem::path photo_root;  // relative to the current folder, or absolute
  std::vector<RunExample> examples;
};

// RUN/examples/epoch-0000.json.
std::filesystem::path ExamplesPath(const std::filesystem::path& run, int64_t epoch);

// Writes the file atomically. It stores the photos' folder relative to the run's folder.
void WriteRunExamples(const RunExamples& examples, const std::filesystem::path& run);

// Throws Error naming the file if it is missing, damaged or of another version.
RunExamples ReadRunExamples(const std::filesystem::path& run, int64_t epoch);

// Epochs that have examples, ascending.
std::vector<int64_t> EpochsWithExamples(const std::filesystem::path& run);

}  // namespace vantage::report
