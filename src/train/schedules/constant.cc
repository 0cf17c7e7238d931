// SPDX-License-Identifier: BSD-3-Clause
#include "train/schedules/schedules.h"

namespace vantage::train {

ScheduleRow ConstantSchedule() {
  return MakeScheduleRow<ConstantScheduleOptions>(
      "The same rate throughout",
      [](const ConstantScheduleOptions& /*options*/, const TrainingPosition& /*position*/) { return 1.0; });
}

}  // namespace vantage::train
