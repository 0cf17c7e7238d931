// SPDX-License-Identifier: BSD-3-Clause
#include "train/schedule.h"
#include "vantage/training.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "vantage/error.h"

namespace vantage {
namespace {

double Constant(const ScheduleOptions& /*options*/, const train::TrainingPosition& /*position*/) { return 1; }

int64_t EpochsBefore(const ScheduleOptions& options, const train::TrainingPosition& position) {
  return position.epoch - 1 + options.offset;
}

double Exponential(const ScheduleOptions& options, const train::TrainingPosition& position) {
  return std::exp(-options.decay * static_cast<double>(EpochsBefore(options, position)));
}

double Step(const ScheduleOptions& options, const train::TrainingPosition& position) {
  const int64_t epochs_before = EpochsBefore(options, position);
  const int64_t drops = epochs_before / options.step_epochs;
  const int64_t steps_since =
      epochs_before % options.step_epochs * position.steps_of_epoch + position.step_of_epoch;
  return std::pow(options.step_factor, static_cast<double>(drops)) /
         (1 + options.decay_of_step * static_cast<double>(steps_since));
}

double Cosine(const ScheduleOptions& options, const train::TrainingPosition& position) {
  const double epochs_done =
      static_cast<double>(position.epoch - 1) +
      static_cast<double>(position.step_of_epoch) / static_cast<double>(position.steps_of_epoch);
  const double angle = std::numbers::pi * epochs_done / static_cast<double>(position.epochs);
  return options.final_factor + (1 - options.final_factor) * 0.5 * (1 + std::cos(angle));
}

double Warmup(const ScheduleOptions& options, const train::TrainingPosition& position) {
  if (position.step >= options.warmup_steps) return 1;
  const double risen = static_cast<double>(position.step) / static_cast<double>(options.warmup_steps);
  return options.warmup_start + (1 - options.warmup_start) * risen;
}

struct ScheduleRow {
  const char* name;
  double (*factor)(const ScheduleOptions&, const train::TrainingPosition&);
};

constexpr std::array<ScheduleRow, 4> kSchedules = {
    {{"constant", Constant}, {"cosine", Cosine}, {"exponential", Exponential}, {"step", Step}}};

}  // namespace

void Declare(OptionsDescription& description, ScheduleOptions& options) {
  description.Add("kind", options.kind, "How the rate falls from optimizer.learning_rate")
      .OneOf(train::ScheduleNames());
  description.Add("decay", options.decay, "exponential: exp(-decay * (epochs before this one + offset))")
      .AtLeast(0);
  description
      .Add("offset", options.offset,
           "exponential, step: epochs that count as past when the first begins; 1 as cirtorch")
      .Range(0, 1000000);
  description.Add("step_epochs", options.step_epochs, "step: epochs from one fall of the rate to the next")
      .AtLeast(1);
  description.Add("step_factor", options.step_factor, "step: what the rate is multiplied with then")
      .Range(0, 1);
  description
      .Add("decay_of_step", options.decay_of_step,
           "step: the rate is divided by 1 + decay_of_step * steps since it last fell")
      .AtLeast(0);
  description.Add("final_factor", options.final_factor, "cosine: the rate's factor at the end").Range(0, 1);
  description
      .Add("warmup_steps", options.warmup_steps,
           "The rate rises linearly over the first so many steps of the run; 0: no warm-up")
      .AtLeast(0);
  description.Add("warmup_start", options.warmup_start, "The warm-up's first factor of the rate").Range(0, 1);
}

double train::LearningRate(const ScheduleOptions& options, double base,
                           const train::TrainingPosition& position) {
  CheckOptions(options);
  const auto schedule = std::find_if(kSchedules.begin(), kSchedules.end(),
                                     [&](const ScheduleRow& known) { return options.kind == known.name; });
  return base * schedule->factor(options, position) * Warmup(options, position);
}

std::vector<std::string> train::ScheduleNames() {
  std::vector<std::string> names;
  for (const ScheduleRow& schedule : kSchedules) names.emplace_back(schedule.name);
  return names;
}

}  // namespace vantage
