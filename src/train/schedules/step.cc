// SPDX-License-Identifier: BSD-3-Clause
#include <cmath>

#include "train/schedules/schedules.h"

namespace vantage {
namespace {

double Step(const StepScheduleOptions& options, const train::TrainingPosition& position) {
  const int64_t epochs_before = position.epoch - 1 + options.offset;
  const int64_t drops = epochs_before / options.epochs;
  const int64_t steps_since =
      epochs_before % options.epochs * position.steps_of_epoch + position.step_of_epoch;
  return std::pow(options.factor, static_cast<double>(drops)) /
         (1 + options.decay * static_cast<double>(steps_since));
}

}  // namespace

void Declare(OptionsDescription& description, StepScheduleOptions& options) {
  description.Add("epochs", options.epochs, "Epochs from one fall of the rate to the next").AtLeast(1);
  description.Add("factor", options.factor, "Factor of the rate at each fall").Range(0, 1);
  description
      .Add("decay", options.decay, "Between falls the rate is divided by 1 + decay * steps since the last")
      .AtLeast(0);
  description.Add("offset", options.offset, "Epochs that count as past when the first begins; 1 as cirtorch")
      .Range(0, 1000000);
}

namespace train {

ScheduleRow StepSchedule() {
  return MakeScheduleRow<StepScheduleOptions>("Falls by a factor every few epochs", Step);
}

}  // namespace train

}  // namespace vantage
