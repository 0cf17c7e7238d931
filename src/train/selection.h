// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>

#include "vantage/metrics.h"
#include "vantage/training.h"

namespace vantage::train {

// The best epoch of a run so far.
struct BestEpoch {
  int64_t epoch = 0;
  // A loss, or a benchmark's main figure; NaN if unknown.
  double score = kNotKnown;
};

// Whether epochs are compared by a benchmark (evaluation.best_by) instead of a loss.
bool SelectsByBenchmark(const EvaluationOptions& options);

// Compares epochs by the benchmark's main figure if the options say so, else by the validation loss, or by
// the training loss if there is no validation.
class Selection {
 public:
  Selection(const EvaluationOptions& options, bool validates)
      : by_benchmark_(SelectsByBenchmark(options)), validates_(validates) {}

  // Makes the epoch the best if it is better. Returns whether it is. An unknown score is worse than any
  // other: without validation, epoch 0 has no loss, and the first epoch of training replaces it.
  bool Offer(const EpochMetrics& metrics, BestEpoch& best) const;

 private:
  bool by_benchmark_;
  bool validates_;
};

}  // namespace vantage::train
