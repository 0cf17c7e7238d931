// SPDX-License-Identifier: BSD-3-Clause
#include "train/tally.h"

#include "util/log.h"

namespace vantage::train {

PhaseSeconds& PhaseSeconds::operator+=(const PhaseSeconds& other) {
  data += other.data;
  forward += other.forward;
  backward += other.backward;
  optimizer += other.optimizer;
  return *this;
}

void Tally::Add(const TupleOutcome& outcome) {
  if (!outcome.skipped.empty()) return;
  loss_sum += outcome.loss;
  ++tuples;
  photos += outcome.photos;
  photos_with_gradient += outcome.photos_with_gradient;
}

Tally& Tally::operator+=(const Tally& other) {
  loss_sum += other.loss_sum;
  tuples += other.tuples;
  photos += other.photos;
  photos_with_gradient += other.photos_with_gradient;
  seconds += other.seconds;
  return *this;
}

void WarnIfSkipped(const TupleOutcome& outcome) {
  if (!outcome.skipped.empty()) LogWarning(outcome.skipped, "; its tuple is skipped");
}

}  // namespace vantage::train
