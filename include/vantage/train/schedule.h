// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "vantage/config/options_description.h"

namespace vantage {

// How the learning rate goes on from OptimizerOptions::learning_rate.
//   TPAMI 2019: exponential, decay 0.01 in its PyTorch code, 0.1 in the paper.
//   MVA 2022: step, a tenth every 120 epochs (of 400 steps), decay_of_step 1e-6; from a rate of 1e-5 after
//   warmup_steps 2000 from warmup_start 0.1.
struct ScheduleOptions {
  // "constant", "exponential", "step" or "cosine".
  std::string kind = "exponential";
  // exponential: exp(-decay * (epochs before this one + offset)). At least 0.
  double decay = 0.01;
  // exponential, step: epochs that count as past when the first begins. cirtorch steps its schedule before
  // each epoch: 1. The paper's MATLAB code: 0.
  int offset = 0;
  // step: times step_factor every so many epochs.
  int step_epochs = 120;
  double step_factor = 0.1;
  // step: divided by 1 + decay_of_step * steps since the factor last changed. At least 0.
  double decay_of_step = 0;
  // cosine: falls to this factor at the end of the last epoch (Loshchilov and Hutter, ICLR 2017, eq. (5)).
  double final_factor = 0;
  // The first so many steps of the run take the scheduled rate times a factor that rises linearly from
  // warmup_start to 1. 0: none.
  int64_t warmup_steps = 0;
  double warmup_start = 0.1;
};
void Declare(OptionsDescription& description, ScheduleOptions& options);

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

}  // namespace vantage
