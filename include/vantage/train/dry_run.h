// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "vantage/train/options.h"
#include "vantage/training_set/training_set.h"
#include "vantage/util/run_context.h"

namespace vantage {

// What a run would be: learned from reading its files, a sample of its photos, and two steps whose results
// are thrown away.
struct DryRunReport {
  TrainingSetSummary train;
  TrainingSetSummary val;
  // Photos decoded to see whether they can be read, and why those that cannot failed.
  int64_t sampled_photos = 0;
  std::vector<std::string> failed;
  int64_t dimension = 0;   // of the descriptors
  int64_t parameters = 0;  // numbers in the network
  int64_t trained_parameters = 0;
  int64_t tuples_of_epoch = 0;
  int64_t steps_of_epoch = 0;
  int64_t mined_photos_of_epoch = 0;  // described to find negatives
  // Measured: a step, and a photo described for mining.
  double seconds_of_step = 0;
  double seconds_of_mined_photo = 0;
  // Estimated from these: mining, steps and validation of an epoch; without watched benchmarks.
  double seconds_of_epoch = 0;
  double seconds_of_run = 0;
  // Of the process, up to now; 0 where the system does not tell.
  int64_t peak_bytes = 0;
};

// Checks a configuration without writing anything. Throws as Train does where a run could not start, and
// Error where no sampled photo can be read.
DryRunReport DryRun(const TrainOptions& options, const RunContext& context = {});

}  // namespace vantage
