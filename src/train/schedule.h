// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "vantage/options.h"
#include "vantage/training.h"

namespace vantage::train {

// Where a run stands: all that a rate depends on, so that a run that was stopped goes on with the same rates.
struct TrainingPosition {
  int64_t epoch = 1;           // from 1
  int64_t step = 0;            // of the run, from 0
  int64_t step_of_epoch = 0;   // from 0
  int64_t steps_of_epoch = 1;  // that the epoch has
  int64_t epochs = 1;          // that the run has
};

// The rate of the step at `position`, for the first rate `base`. Throws UsageError for an unknown kind.
double LearningRate(const ScheduleOptions& options, double base, const TrainingPosition& position);

// "constant", "cosine", "exponential", "step".
std::vector<std::string> ScheduleNames();

}  // namespace vantage::train
