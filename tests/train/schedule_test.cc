// SPDX-License-Identifier: BSD-3-Clause
#include "train/schedules/schedules.h"
#include "vantage/training.h"

#include <cmath>

#include "testing/files.h"

namespace vantage::train {
namespace {

using vantage::testing::ErrorOf;

// A step of an epoch, both from their first numbers, of a run of 300 epochs of 400 steps.
TrainingPosition At(int64_t epoch, int64_t step_of_epoch) {
  return {epoch, (epoch - 1) * 400 + step_of_epoch, step_of_epoch, 400, 300};
}

ScheduleOptions Kind(const std::string& kind) {
  ScheduleOptions options;
  options.shape = ScheduleChoice(kind);
  return options;
}

TEST(Schedule, ExponentialIsThatOfTpami2019) {
  const ScheduleOptions options;  // the default
  EXPECT_EQ(LearningRate(options, 1e-6, At(1, 0)), 1e-6);
  EXPECT_EQ(LearningRate(options, 1e-6, At(1, 399)), 1e-6);
  EXPECT_EQ(LearningRate(options, 1e-6, At(8, 3)), 1e-6 * std::exp(-0.01 * 7));
}

// cirtorch steps its schedule before the first epoch.
TEST(Schedule, TheOffsetCountsEpochsAsPast) {
  ScheduleOptions options;
  options.shape = ExponentialScheduleOptions{.offset = 1};
  EXPECT_EQ(LearningRate(options, 5e-7, At(1, 0)), 5e-7 * std::exp(-0.01));
  EXPECT_EQ(LearningRate(options, 5e-7, At(100, 3)), 5e-7 * std::exp(-0.01 * 100));
  options.shape = StepScheduleOptions{.epochs = 3, .offset = 1};
  EXPECT_NEAR(LearningRate(options, 2, At(2, 399)), 2, 1e-12);
  EXPECT_NEAR(LearningRate(options, 2, At(3, 0)), 0.2, 1e-12);
  options.shape = CosineScheduleOptions{};
  EXPECT_EQ(LearningRate(options, 2, At(1, 0)), 2);
}

TEST(Schedule, StepWithWarmupIsThatOfMva2022) {
  ScheduleOptions options = Kind("step");
  options.shape.As<StepScheduleOptions>().decay = 1e-6;
  options.warmup_steps = 2000;
  // The paper's code, written out.
  const auto expected = [](int64_t step) {
    const double frequency = 120 * 400;
    const double drops = std::floor(static_cast<double>(step) / frequency);
    const double scheduled =
        1e-5 * std::pow(0.1, drops) / (1 + std::fmod(static_cast<double>(step), frequency) * 1e-6);
    if (step >= 2000) return scheduled;
    return scheduled / 1e-5 * (1e-6 + (1e-5 - 1e-6) * static_cast<double>(step) / 2000);
  };
  for (const int64_t step : {0, 1, 399, 1000, 1999, 2000, 2001, 47999, 48000, 48001, 96000, 119999}) {
    EXPECT_NEAR(LearningRate(options, 1e-5, At(1 + step / 400, step % 400)), expected(step),
                1e-12 * expected(step))
        << step;
  }
  EXPECT_NEAR(LearningRate(options, 1e-5, At(1, 0)), 1e-6, 1e-18);
}

TEST(Schedule, CosineFallsFromOneToItsFinalFactor) {
  ScheduleOptions options = Kind("cosine");
  options.shape.As<CosineScheduleOptions>().final_factor = 0.2;
  EXPECT_EQ(LearningRate(options, 2, At(1, 0)), 2);
  EXPECT_NEAR(LearningRate(options, 2, At(151, 0)), 2 * 0.6, 1e-12);
  EXPECT_NEAR(LearningRate(options, 2, At(76, 0)), 2 * (0.2 + 0.8 * (1 + std::sqrt(0.5)) / 2), 1e-12);
  EXPECT_NEAR(LearningRate(options, 2, At(300, 399)), 2 * 0.2, 1e-9);
  double before = 3;
  for (int64_t epoch = 1; epoch <= 300; epoch += 7) {
    const double rate = LearningRate(options, 2, At(epoch, 100));
    EXPECT_LT(rate, before);
    before = rate;
  }
}

TEST(Schedule, WarmupComesBeforeAnyKind) {
  for (const std::string& kind : ScheduleFamily::Table().Names()) {
    ScheduleOptions options = Kind(kind);
    const double plain_rate = LearningRate(options, 1, At(3, 200));
    const double plain_later = LearningRate(options, 1, At(6, 0));
    options.warmup_steps = 2000;
    options.warmup_start = 0.5;
    EXPECT_EQ(LearningRate(options, 1, At(1, 0)), 0.5) << kind;
    EXPECT_NEAR(LearningRate(options, 1, At(3, 200)), plain_rate * 0.75, 1e-15) << kind;
    EXPECT_EQ(LearningRate(options, 1, At(6, 0)), plain_later) << kind;
  }
}

TEST(Schedule, ConstantStays) { EXPECT_EQ(LearningRate(Kind("constant"), 0.3, At(200, 17)), 0.3); }

TEST(Schedule, AnUnknownKindIsAnError) {
  EXPECT_THAT(ErrorOf([] { Kind("linear"); }), ::testing::HasSubstr("unknown schedule 'linear'; known are "));
}

}  // namespace
}  // namespace vantage::train
