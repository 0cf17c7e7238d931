// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "train/tuple_gradient.h"

namespace vantage::train {

// What became of one tuple.
struct TupleOutcome {
  double loss = 0;
  int64_t photos = 0;
  int64_t photos_with_gradient = 0;  // that went through a backward pass
  std::string skipped;               // why the tuple was not used, if it was not
};

// Where the time of a step went: seconds of the clock, each the mean over the workers.
struct StepTimes {
  double data = 0;  // waiting for photos
  double forward = 0;
  double backward = 0;
};

struct StepOutcome {
  std::vector<TupleOutcome> tuples;  // in their order
  // Of the sum of the tuples' losses, by each parameter; undefined where nothing depends on it.
  std::vector<at::Tensor> gradients;
  // Where norms use batch statistics: the sum of what they saw over the passes, in the order of
  // nn::DescriptorNet::RunningStatistics, and the number of passes (1) after them. Empty elsewhere, and where
  // there was no pass.
  std::vector<at::Tensor> statistics;
  StepTimes times;
};

struct TupleRunnerOptions {
  // Passes through the network side by side, and the threads that each gives LibTorch's operators.
  int workers = 1;
  int threads_per_pass = 1;
  PassLimits limits;
};

// Computes the losses of tuples and the sum of their gradients, several passes at a time: workers take the
// next pass of any tuple that has been begun, backward passes first, and begin another tuple where there is
// none; at most as many tuples are begun as there are workers, which bounds the memory. The sum is taken in
// the order of the passes, so that it does not depend on which was ready first.
//
// next: the tuple i of `count`; called in order, by one thread at a time. An exception of a pass, of `next`
// or of `on_tuple` ends the rest and is thrown here. on_tuple (may be empty): called once a tuple, in the
// order in which their losses are known, by one thread at a time.
StepOutcome RunTuples(const nn::Network& net, const TupleLoss& loss, std::span<const at::Tensor> parameters,
                      size_t count, const std::function<LoadedTuple(size_t i)>& next,
                      const TupleRunnerOptions& options,
                      const std::function<void(size_t i, const TupleOutcome&)>& on_tuple = {});

}  // namespace vantage::train
