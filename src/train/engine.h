// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "train/tally.h"
#include "train/tuple_gradient.h"
#include "vantage/training.h"

namespace vantage::train {

struct EngineOutcome {
  std::vector<TupleOutcome> tuples;  // in their order
  // Gradient of the sum of the tuples' losses with respect to each parameter, times
  // TupleWork::gradient_scale; undefined if the sum does not depend on it.
  std::vector<at::Tensor> gradients;
  // If norms use batch statistics: the sum over the passes of the observed statistics, in the order of
  // nn::DescriptorNet::RunningStatistics, followed by the number of passes (shape: 1). Empty otherwise, or if
  // there was no pass.
  std::vector<at::Tensor> statistics;
  PhaseSeconds seconds;
};

// The tuples of a call of Engine::Run, and what to compute for them.
struct TupleWork {
  const TupleLoss& loss;
  // Returns tuple i; called in order, by one thread at a time.
  std::function<LoadedTuple(size_t i)> next;
  // May be empty. Called once per tuple, in the order in which losses become known, by one thread at a time.
  std::function<void(size_t i, const TupleOutcome&)> on_tuple = {};
  double gradient_scale = 1;         // see GradientScale
  FrozenFeatures* frozen = nullptr;  // see TupleGradient
};

// Computes the losses of tuples and the gradient of their sum: the forward and backward passes of a step.
class Engine {
 public:
  virtual ~Engine() = default;

  // Runs tuples 0 .. count - 1. parameters: those to differentiate by; empty if only losses are needed. An
  // exception of a pass, of `next` or of `on_tuple` stops the work and is rethrown here. Sums are taken in a
  // fixed order, so that their bits do not depend on which pass finishes first.
  virtual EngineOutcome Run(const nn::Network& net, std::span<const at::Tensor> parameters, size_t count,
                            const TupleWork& work) const = 0;
};

struct WorkerEngineOptions {
  // Number of passes through the network at a time, and threads that each gives LibTorch's operators.
  int workers = 1;
  int threads_per_pass = 1;
  PassLimits limits;
};

// Several passes at a time, on any device. Workers run the next pass of any open tuple, backward passes
// first, and open another tuple if there is no such pass. At most as many tuples are open as there are
// workers, which bounds the memory.
std::unique_ptr<Engine> MakeWorkerEngine(const WorkerEngineOptions& options);

// The engine of a run. On a CPU, passes run in parallel, one thread each; on a GPU, one after the other.
std::unique_ptr<Engine> MakeEngine(const ComputeOptions& options, const at::Device& device, int threads);

}  // namespace vantage::train
