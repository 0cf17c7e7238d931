// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include "vantage/training.h"

namespace vantage::train {

// A step's place in a run: all that a rate depends on, so that a resumed run has the same rates.
struct TrainingPosition {
  int64_t epoch = 1;           // from 1
  int64_t step = 0;            // of the run, from 0
  int64_t step_of_epoch = 0;   // from 0
  int64_t steps_of_epoch = 1;  // that the epoch has
  int64_t epochs = 1;          // that the run has
};

// A row of the family's table. Each schedule is a file of this folder.
struct ScheduleRow {
  Kind kind;
  // What the first rate is multiplied with.
  std::function<double(const ScheduleChoice& options, const TrainingPosition& position)> factor;
  // Whether the rates of the first epochs depend on the number of epochs, which a resumed run then keeps.
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

// The rate of the step at `position`, for the first rate `base`. Throws UsageError if an option breaks its
// rule.
double LearningRate(const ScheduleOptions& options, double base, const TrainingPosition& position);

bool DependsOnEpochs(const ScheduleOptions& options);

}  // namespace vantage::train
