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
  double gradient_norm = 0;  // before it was clipped; 0 where no tuple could be used
  // Why nothing has changed, if a tuple's loss or the gradient is not finite.
  std::string not_finite;
  double optimizer_seconds = 0;
};

// How tuples are computed on this machine: side by side, a thread each, on a CPU; one after the other on a
// GPU.
TupleRunnerOptions RunnerOptions(const ComputeOptions& options, const at::Device& device, int threads);

// One step of the optimiser on the sum of the losses of a step's tuples, of which this process computes its
// share and adds up the gradients with the other processes. `next` and `on_tuple` (see RunTuples; it may be
// empty) get the places of the share's own tuples. Nothing changes if no tuple can be used, or a loss or the
// gradient is not finite, which all processes come to know alike. What `next`, `on_tuple` and the process
// group throw ends the step before anything changes too.
//
// Running statistics of norms that use batch statistics move once a step, towards the mean of what the step's
// passes saw.
StepResult TakeStep(nn::DescriptorNet& net, Optimizer& optimizer, const TupleLoss& loss, double learning_rate,
                    const TupleShare& share, const std::function<LoadedTuple(size_t)>& next,
                    const TupleRunnerOptions& options,
                    const std::function<void(size_t, const TupleOutcome&)>& on_tuple);

}  // namespace vantage::train
