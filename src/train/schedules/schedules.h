// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include "vantage/training.h"

namespace vantage::train {

// A step's position in a run. The rate depends on nothing else, so that a resumed run has the same rates.
struct TrainingPosition {
  int64_t epoch = 1;           // from 1
  int64_t step = 0;            // in the run, from 0
  int64_t step_of_epoch = 0;   // from 0
  int64_t steps_of_epoch = 1;  // number of steps in the epoch
  int64_t epochs = 1;          // number of epochs in the run
};

// A row of the table of schedules. Each schedule has its own file in this folder.
struct ScheduleRow {
  Kind kind;
  // The factor for the base learning rate.
  std::function<double(const ScheduleChoice& options, const TrainingPosition& position)> factor;
  // Whether the rates of the first epochs depend on the number of epochs. A resumed run must then keep that
  // number.
  bool depends_on_epochs = false;
};

template <KindOptions Options>
ScheduleRow MakeScheduleRow(std::string summary,
                            double (*factor)(const Options& options, const TrainingPosition& position),
                            bool depends_on_epochs = false) {
  return {MakeKind<Options>(std::move(summary)),
          [factor](const ScheduleChoice& options, const TrainingPosition& position) {
            return factor(options.As<Options>(), position);
          },
          depends_on_epochs};
}

// The learning rate at `position`, for the base rate `base`. Throws UsageError if an option breaks its rule.
double LearningRate(const ScheduleOptions& options, double base, const TrainingPosition& position);

bool DependsOnEpochs(const ScheduleOptions& options);

}  // namespace vantage::train
