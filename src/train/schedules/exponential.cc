// SPDX-License-Identifier: BSD-3-Clause
#include <cmath>

#include "train/schedules/schedules.h"

namespace vantage {
namespace {

double Exponential(const ExponentialScheduleOptions& options, const train::TrainingPosition& position) {
  return std::exp(-options.decay * static_cast<double>(position.epoch - 1 + options.offset));
}

}  // namespace

void Declare(OptionsDescription& description, ExponentialScheduleOptions& options) {
  description.Add("decay", options.decay, "exp(-decay * (epochs before this one + offset))").AtLeast(0);
  description.Add("offset", options.offset, "Epochs that count as past when the first begins; 1 as cirtorch")
      .Range(0, 1000000);
}

namespace train {

ScheduleRow ExponentialSchedule() {
  return MakeScheduleRow<ExponentialScheduleOptions>("Falls by the same factor in each epoch", Exponential);
}

}  // namespace train

}  // namespace vantage
