// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string>

#include "vantage/metrics.h"

namespace vantage::train {

// The outcome of one tuple.
struct TupleOutcome {
  double loss = 0;
  int64_t photos = 0;
  int64_t photos_with_gradient = 0;  // photos that went through a backward pass
  std::string skipped;               // why the tuple was not used; empty if it was used
};

// Wall-clock seconds by phase; those of forward and backward passes are sums over the workers divided by
// their number.
struct PhaseSeconds {
  double data = 0;  // waiting for photos
  double forward = 0;
  double backward = 0;
  double optimizer = 0;

  PhaseSeconds& operator+=(const PhaseSeconds& other);
};

// Sums over the tuples of a step, an epoch or a validation.
struct Tally {
  // Sums over the tuples that were used.
  double loss_sum = 0;
  int64_t tuples = 0;
  int64_t photos = 0;
  int64_t photos_with_gradient = 0;
  PhaseSeconds seconds;

  // Adds a tuple, unless it was skipped.
  void Add(const TupleOutcome& outcome);
  // Sums of sums: the result has the bits of a sum over steps, not of a sum over tuples.
  Tally& operator+=(const Tally& other);

  double MeanLoss() const { return tuples == 0 ? kNotKnown : loss_sum / static_cast<double>(tuples); }
};

// Sets the fields of StepMetrics or EpochMetrics that a tally has, except the loss.
template <typename Metrics>
void SetTally(const Tally& tally, Metrics& metrics) {
  metrics.tuples = tally.tuples;
  metrics.photos = tally.photos;
  metrics.photos_with_gradient = tally.photos_with_gradient;
  metrics.data_wait_seconds = tally.seconds.data;
  metrics.forward_seconds = tally.seconds.forward;
  metrics.backward_seconds = tally.seconds.backward;
}

// Logs why a tuple was skipped, if it was.
void WarnIfSkipped(const TupleOutcome& outcome);

}  // namespace vantage::train
