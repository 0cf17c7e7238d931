// SPDX-License-Identifier: BSD-3-Clause
#include <cmath>
#include <numbers>

#include "train/schedules/schedules.h"

namespace vantage {
namespace {

double Cosine(const CosineScheduleOptions& options, const train::TrainingPosition& position) {
  const double epochs_done =
      static_cast<double>(position.epoch - 1) +
      static_cast<double>(position.step_of_epoch) / static_cast<double>(position.steps_of_epoch);
  const double angle = std::numbers::pi * epochs_done / static_cast<double>(position.epochs);
  return options.final_factor + (1 - options.final_factor) * 0.5 * (1 + std::cos(angle));
}

}  // namespace

void Declare(OptionsDescription& description, CosineScheduleOptions& options) {
  description.Add("final_factor", options.final_factor, "Factor of the rate at the end").Range(0, 1);
}

namespace train {

ScheduleRow CosineSchedule() {
  return MakeScheduleRow<CosineScheduleOptions>("Falls along half a cosine to the end of the last epoch",
                                                Cosine, /*depends_on_epochs=*/true);
}

}  // namespace train

}  // namespace vantage
