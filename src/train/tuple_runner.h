// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "train/tuple_gradient.h"

namespace vantage::train {

// The outcome of one tuple.
struct TupleOutcome {
  double loss = 0;
  int64_t photos = 0;
  int64_t photos_with_gradient = 0;  // photos that went through a backward pass
  std::string skipped;               // why the tuple was not used; empty if it was used
};

// How the time of a step was spent: wall-clock seconds, averaged over the workers.
struct StepTimes {
  double data = 0;  // waiting for photos
  double forward = 0;
  double backward = 0;
};

struct StepOutcome {
  std::vector<TupleOutcome> tuples;  // in their order
  // Gradient of the sum of the tuples' losses with respect to each parameter; undefined if the sum does not
  // depend on it.
  std::vector<at::Tensor> gradients;
  // If norms use batch statistics: the sum over the passes of the observed statistics, in the order of
  // nn::DescriptorNet::RunningStatistics, followed by the number of passes (shape: 1). Empty otherwise, or if
  // there was no pass.
  std::vector<at::Tensor> statistics;
  StepTimes times;
};

struct TupleRunnerOptions {
  // Number of passes through the network at a time, and threads that each gives LibTorch's operators.
  int workers = 1;
  int threads_per_pass = 1;
  PassLimits limits;
};

// Computes the losses of tuples and the sum of their gradients, several passes at a time. Workers run the
// next pass of any open tuple, backward passes first, and open another tuple if there is no such pass. At
// most as many tuples are open as there are workers, which bounds the memory. The sum is taken in the order
// of the passes, so that it does not depend on which finishes first.
//
// next: returns tuple i of `count`; called in order, by one thread at a time. An exception of a pass, of
// `next` or of `on_tuple` stops the work and is rethrown here. on_tuple (may be empty): called once per
// tuple, in the order in which losses become known, by one thread at a time.
StepOutcome RunTuples(const nn::Network& net, const TupleLoss& loss, std::span<const at::Tensor> parameters,
                      size_t count, const std::function<LoadedTuple(size_t i)>& next,
                      const TupleRunnerOptions& options,
                      const std::function<void(size_t i, const TupleOutcome&)>& on_tuple = {});

}  // namespace vantage::train
