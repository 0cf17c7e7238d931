// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <vector>

#include "train/engine.h"
#include "train/optimizer.h"
#include "train/shared_work.h"

namespace vantage::train {

struct StepResult {
  std::vector<TupleOutcome> tuples;  // of all processes
  // Sums over the tuples, in their order. Only the seconds if nothing was changed because of `not_finite`.
  Tally tally;
  // Before clipping; 0 if no tuple could be used, NaN if nothing was changed because of `not_finite`.
  double gradient_norm = 0;
  // The reason why nothing was changed, if a tuple's loss or the gradient is not finite; else empty.
  std::string not_finite;
};

// One step of the optimiser on the sum of the losses of a step's tuples. This process computes its share of
// the tuples, and the processes add up their gradients. `work` has the step's indices: its functions are
// called with those of the share's own tuples. Nothing changes if no tuple can be used, or if a loss or the
// gradient is not finite; all processes agree on that. An exception of work's functions or the process group
// also ends the step before anything changes.
//
// For norms that use batch statistics, the running statistics move once per step, towards the mean over the
// step's passes.
StepResult TakeStep(const Engine& engine, nn::DescriptorNet& net, Optimizer& optimizer, double learning_rate,
                    const TupleShare& share, const TupleWork& work);

}  // namespace vantage::train
