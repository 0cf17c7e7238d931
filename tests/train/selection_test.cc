// SPDX-License-Identifier: BSD-3-Clause
#include "train/selection.h"

#include <gtest/gtest.h>

namespace vantage::train {
namespace {

EpochMetrics Epoch(int64_t epoch, double train_loss, double val_loss, double benchmark) {
  EpochMetrics metrics;
  metrics.epoch = epoch;
  metrics.train_loss = train_loss;
  metrics.val_loss = val_loss;
  metrics.benchmark_score = benchmark;
  return metrics;
}

BestEpoch BestOf(const Selection& selection) {
  BestEpoch best;
  for (const EpochMetrics& epoch :
       {Epoch(0, kNotKnown, 5, 0.5), Epoch(1, 3, 4, kNotKnown), Epoch(2, 1, 6, 0.7), Epoch(3, 2, 4, 0.7)})
    selection.Offer(epoch, best);
  return best;
}

TEST(Selection, TakesTheFirstEpochWithTheBestFigure) {
  const BestEpoch by_validation = BestOf(Selection({}, true));
  EXPECT_EQ(by_validation.epoch, 1);
  EXPECT_EQ(by_validation.score, 4);
  const BestEpoch by_training = BestOf(Selection({}, false));
  EXPECT_EQ(by_training.epoch, 2);
  EXPECT_EQ(by_training.score, 1);
  const BestEpoch by_benchmark = BestOf(Selection({.best_by = "benchmark"}, true));
  EXPECT_EQ(by_benchmark.epoch, 2);
  EXPECT_EQ(by_benchmark.score, 0.7);
}

}  // namespace
}  // namespace vantage::train
