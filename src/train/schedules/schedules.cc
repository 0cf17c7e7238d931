// SPDX-License-Identifier: BSD-3-Clause
#include "train/schedules/schedules.h"

namespace vantage {

// Defined in the file of each kind.
namespace train {
ScheduleRow ConstantSchedule();
ScheduleRow CosineSchedule();
ScheduleRow ExponentialSchedule();
ScheduleRow StepSchedule();
}  // namespace train

namespace {

const Catalogue<train::ScheduleRow>& Schedules() {
  static const Catalogue<train::ScheduleRow> schedules(
      "schedule", {train::ConstantSchedule(), train::CosineSchedule(), train::ExponentialSchedule(),
                   train::StepSchedule()});
  return schedules;
}

double Warmup(const ScheduleOptions& options, const train::TrainingPosition& position) {
  if (position.step >= options.warmup_steps) return 1;
  const double risen = static_cast<double>(position.step) / static_cast<double>(options.warmup_steps);
  return options.warmup_start + (1 - options.warmup_start) * risen;
}

}  // namespace

const Kinds& ScheduleFamily::Table() { return Schedules(); }

void Declare(OptionsDescription& description, ScheduleOptions& options) {
  description.AddChoice(options.shape, "Decrease of the rate from optimizer.learning_rate");
  description
      .Add("warmup_steps", options.warmup_steps,
           "Steps at the beginning of the run over which the rate rises linearly; 0: no warm-up")
      .AtLeast(0);
  description.Add("warmup_start", options.warmup_start, "Factor of the rate at the first of these steps")
      .Range(0, 1);
}

double train::LearningRate(const ScheduleOptions& options, double base,
                           const train::TrainingPosition& position) {
  CheckOptions(options);
  return base * Schedules().At(options.shape.kind()).factor(options.shape, position) *
         Warmup(options, position);
}

bool train::DependsOnEpochs(const ScheduleOptions& options) {
  return Schedules().At(options.shape.kind()).depends_on_epochs;
}

}  // namespace vantage
