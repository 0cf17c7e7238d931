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
  // From the query's descriptor: [0, 2]; NaN where it is not known.
  double distance = std::numeric_limits<double>::quiet_NaN();
};

// A query, and the negatives that an epoch's mining found for it.
struct RunExample {
  ExamplePhoto query;
  ExamplePhoto positive;
  std::vector<ExamplePhoto> negatives;  // nearest first
};

// What RUN/examples/epoch-0000.json holds.
struct RunExamples {
  int64_t epoch = 0;
  std::filesystem::path photo_root;  // as from here
  std::vector<RunExample> examples;
};

// RUN/examples/epoch-0000.json.
std::filesystem::path ExamplesPath(const std::filesystem::path& run, int64_t epoch);

// Writes the file atomically; it names the photos' folder relative to the run's.
void WriteRunExamples(const RunExamples& examples, const std::filesystem::path& run);

// Throws Error naming the file where it is missing, damaged or of another version.
RunExamples ReadRunExamples(const std::filesystem::path& run, int64_t epoch);

// Epochs that the run has examples of, rising.
std::vector<int64_t> EpochsWithExamples(const std::filesystem::path& run);

}  // namespace vantage::report
