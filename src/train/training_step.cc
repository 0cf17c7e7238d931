// SPDX-License-Identifier: BSD-3-Clause
#include "train/training_step.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/zeros.h>

#include <chrono>
#include <cmath>

#include "nn/folded_net.h"
#include "util/stopwatch.h"
#include "util/string.h"
#include "vantage/describer.h"
#include "vantage/error.h"

namespace vantage::train {
namespace {

using Clock = std::chrono::steady_clock;

void MoveStatistics(nn::DescriptorNet& net, const ProcessGroup& group,
                    const std::vector<at::Tensor>& own_sums) {
  if (!net.uses_batch_statistics()) return;
  nn::BatchStatistics seen = net.RunningStatistics();
  if (seen.empty()) return;
  std::vector<at::Tensor> like;
  for (const auto& [name, values] : seen) like.push_back(values);
  like.push_back(at::zeros({1}, like[0].options()));
  const std::vector<at::Tensor> sums = SumOverProcesses(group, like, own_sums);
  size_t i = 0;
  for (auto& [name, values] : seen) values = sums[i++] / sums.back();
  net.MoveRunningStatistics(seen);
}

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

StepResult TakeStep(nn::DescriptorNet& net, Optimizer& optimizer, const TupleLoss& loss, double learning_rate,
                    const TupleShare& share, const std::function<LoadedTuple(size_t)>& next,
                    const TupleRunnerOptions& options,
                    const std::function<void(size_t, const TupleOutcome&)>& on_tuple) {
  const auto folding = Clock::now();
  const nn::FoldedNet folded(net);
  StepResult result;
  result.optimizer_seconds = SecondsSince(folding);
  StepOutcome outcome = RunTuples(
      folded.net(), loss, folded.leaves(), share.own.size(), [&](size_t i) { return next(share.own[i]); },
      options,
      [&](size_t i, const TupleOutcome& tuple) {
        if (on_tuple) on_tuple(share.own[i], tuple);
      });
  result.tuples = ShareOutcomes(share, outcome.tuples);
  result.times = outcome.times;
  bool any_used = false;
  for (const TupleOutcome& tuple : result.tuples) {
    if (!tuple.skipped.empty()) continue;
    any_used = true;
    if (!std::isfinite(tuple.loss) && result.not_finite.empty())
      result.not_finite = StrCat("the loss is ", tuple.loss);
  }
  if (!result.not_finite.empty()) return result;
  if (!any_used) return result;
  const auto start = Clock::now();
  const std::vector<at::Tensor> parameters = optimizer.Parameters();
  const std::vector<at::Tensor> gradients =
      SumOverProcesses(share.group, parameters, folded.GradientsBy(parameters, outcome.gradients));
  if (options.limits.gradient_scale != 1) {
    for (const at::Tensor& gradient : gradients) {
      if (gradient.defined()) gradient.mul_(1 / options.limits.gradient_scale);
    }
  }
  optimizer.AddGradients(gradients);
  try {
    result.gradient_norm = optimizer.Step(learning_rate);
    MoveStatistics(net, share.group, outcome.statistics);
  } catch (const NotFinite& error) {
    result.not_finite = error.what();
  }
  result.optimizer_seconds += SecondsSince(start);
  return result;
}

}  // namespace vantage::train
