// SPDX-License-Identifier: BSD-3-Clause
#include "train/selection.h"

#include <cmath>

namespace vantage::train {

bool SelectsByBenchmark(const EvaluationOptions& options) { return options.best_by == "benchmark"; }

bool Selection::Offer(const EpochMetrics& metrics, BestEpoch& best) const {
  const double score = by_benchmark_ ? metrics.benchmark_score
                       : validates_  ? metrics.val_loss
                                     : metrics.train_loss;
  const bool is_best = std::isnan(best.score) || (by_benchmark_ ? score > best.score : score < best.score);
  if (is_best) best = {metrics.epoch, score};
  return is_best;
}

}  // namespace vantage::train
