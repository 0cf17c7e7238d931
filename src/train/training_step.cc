// SPDX-License-Identifier: BSD-3-Clause
#include "train/training_step.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "vantage/nn/folded_net.h"
#include "vantage/util/error.h"

namespace vantage {
namespace {

using Clock = std::chrono::steady_clock;

double SecondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

constexpr int64_t kGpuBatchPixels = int64_t{1} << 22;

}  // namespace

TupleRunnerOptions RunnerOptions(const ComputeOptions& options, const at::Device& device, int threads) {
  TupleRunnerOptions runner;
  runner.workers = device.is_cpu() ? threads : 1;
  runner.threads_per_pass = device.is_cpu() ? 1 : threads;
  runner.limits.batch_pixels =
      options.batch_pixels > 0 || device.is_cpu() ? options.batch_pixels : kGpuBatchPixels;
  runner.limits.kept_pixels = options.kept_pixels;
  return runner;
}

StepResult TakeStep(const DescriptorNet& net, Optimizer& optimizer, const TupleLoss& loss,
                    double learning_rate, size_t count, const std::function<LoadedTuple(size_t)>& next,
                    const TupleRunnerOptions& options,
                    const std::function<void(size_t, const TupleOutcome&)>& on_tuple) {
  const auto folding = Clock::now();
  const FoldedNet folded(net);
  StepResult result;
  result.optimizer_seconds = SecondsSince(folding);
  StepOutcome outcome = RunTuples(folded.net(), loss, folded.leaves(), count, next, options, on_tuple);
  result.tuples = std::move(outcome.tuples);
  result.times = outcome.times;
  const bool any_used = std::any_of(result.tuples.begin(), result.tuples.end(),
                                    [](const TupleOutcome& tuple) { return tuple.skipped.empty(); });
  if (!any_used) return result;
  const auto start = Clock::now();
  optimizer.AddGradients(folded.GradientsBy(optimizer.Parameters(), outcome.gradients));
  result.gradient_norm = optimizer.Step(learning_rate);
  result.optimizer_seconds += SecondsSince(start);
  return result;
}

}  // namespace vantage
