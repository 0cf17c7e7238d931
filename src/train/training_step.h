// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "train/optimizer.h"
#include "train/shared_work.h"
#include "train/tuple_runner.h"
#include "vantage/training.h"

namespace vantage::train {

struct StepResult {
  std::vector<TupleOutcome> tuples;  // of all processes
  StepTimes times;
  double gradient_norm = 0;  // before clipping; 0 if no tuple could be used
  // The reason why nothing was changed, if a tuple's loss or the gradient is not finite; else empty.
  std::string not_finite;
  double optimizer_seconds = 0;
};

// How tuples are computed on this machine: in parallel, one thread each, on a CPU; one after the other on a
// GPU.
TupleRunnerOptions RunnerOptions(const ComputeOptions& options, const at::Device& device, int threads);

// One step of the optimiser on the sum of the losses of a step's tuples. This process computes its share of
// the tuples, and the processes add up their gradients. `next` and `on_tuple` (see RunTuples; it may be
// empty) are called with the indices of the share's own tuples. Nothing changes if no tuple can be used, or
// if a loss or the gradient is not finite; all processes agree on that. An exception of `next`, `on_tuple` or
// the process group also ends the step before anything changes.
//
// For norms that use batch statistics, the running statistics move once per step, towards the mean over the
// step's passes.
StepResult TakeStep(nn::DescriptorNet& net, Optimizer& optimizer, const TupleLoss& loss, double learning_rate,
                    const TupleShare& share, const std::function<LoadedTuple(size_t)>& next,
                    const TupleRunnerOptions& options,
                    const std::function<void(size_t, const TupleOutcome&)>& on_tuple);

}  // namespace vantage::train
