// SPDX-License-Identifier: BSD-3-Clause
// Measurements of training steps and epochs.
#pragma once

#include <cstdint>
#include <limits>

namespace vantage {

inline constexpr double kNotKnown = std::numeric_limits<double>::quiet_NaN();

// Measurements of one step of the optimiser; one line of steps.csv. NaN: not known. Seconds are wall-clock
// time. If workers run passes in parallel, a phase's seconds are the sum over the workers divided by their
// number.
struct StepMetrics {
  int64_t step = 0;  // of the run; the first is 1
  int64_t epoch = 0;
  double loss = kNotKnown;  // mean over the step's tuples
  double learning_rate = kNotKnown;
  double gradient_norm = kNotKnown;  // L2 norm over all parameters together, before clipping
  int64_t tuples = 0;
  int64_t photos = 0;                // in these tuples
  int64_t photos_with_gradient = 0;  // those with a backward pass
  double seconds = kNotKnown;
  double data_wait_seconds = kNotKnown;
  double forward_seconds = kNotKnown;
  double backward_seconds = kNotKnown;
};

// Measurements of an epoch; one line of metrics.csv. Epoch 0 is the network before training, which has no
// training loss. NaN: not known, or there is none.
struct EpochMetrics {
  int64_t epoch = 0;
  double learning_rate = 0;
  double train_loss = kNotKnown;  // mean over tuples
  double val_loss = kNotKnown;    // NaN without validation
  double train_negative_distance = kNotKnown;
  double val_negative_distance = kNotKnown;
  double exponent = kNotKnown;  // GeM's p (mean over channels); NaN if there is none
  int64_t tuples = 0;
  double seconds = kNotKnown;  // all phases together
  int64_t photos = 0;          // in the tuples
  int64_t photos_with_gradient = 0;
  double images_per_second = kNotKnown;  // photos of tuples per second of steps alone
  double mining_seconds = kNotKnown;
  double data_wait_seconds = kNotKnown;
  double forward_seconds = kNotKnown;
  double backward_seconds = kNotKnown;
  double optimizer_seconds = kNotKnown;
  double validation_seconds = kNotKnown;  // including its mining
  double evaluation_seconds = kNotKnown;  // on the benchmark
  double benchmark_score = kNotKnown;     // the benchmark's main figure, such as mAP; [0, 1]
  int64_t best_epoch = -1;                // best so far, by the run's criterion; -1: not known
  // Steps of the run so far that changed nothing because a loss or the gradient was not finite.
  int64_t skipped_steps = 0;
};

}  // namespace vantage
