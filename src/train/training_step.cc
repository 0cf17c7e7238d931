// SPDX-License-Identifier: BSD-3-Clause
#include "train/training_step.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/zeros.h>

#include <chrono>
#include <cmath>

#include "nn/folded_net.h"
#include "util/stopwatch.h"
#include "util/string.h"
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

StepResult TakeStep(const Engine& engine, nn::DescriptorNet& net, Optimizer& optimizer, double learning_rate,
                    const TupleShare& share, const TupleWork& work) {
  const auto folding = Clock::now();
  const nn::FoldedNet folded(net);
  const double folding_seconds = SecondsSince(folding);
  TupleWork own = work;
  own.next = [&](size_t i) { return work.next(share.own[i]); };
  if (work.on_tuple) {
    own.on_tuple = [&](size_t i, const TupleOutcome& tuple) { work.on_tuple(share.own[i], tuple); };
  }
  const EngineOutcome outcome = engine.Run(folded.net(), folded.leaves(), share.own.size(), own);
  StepResult result;
  result.tuples = ShareOutcomes(share, outcome.tuples);
  PhaseSeconds seconds = outcome.seconds;
  seconds.optimizer = folding_seconds;
  for (const TupleOutcome& tuple : result.tuples) {
    result.tally.Add(tuple);
    if (!std::isfinite(tuple.loss) && result.not_finite.empty())
      result.not_finite = StrCat("the loss is ", tuple.loss);
  }
  if (result.not_finite.empty() && result.tally.tuples > 0) {
    const auto start = Clock::now();
    try {
      const std::vector<at::Tensor> parameters = optimizer.Parameters();
      const std::vector<at::Tensor> gradients =
          SumOverProcesses(share.group, parameters, folded.GradientsBy(parameters, outcome.gradients));
      if (work.gradient_scale != 1) {
        for (const at::Tensor& gradient : gradients) {
          if (gradient.defined()) gradient.mul_(1 / work.gradient_scale);
        }
      }
      optimizer.AddGradients(gradients);
      result.gradient_norm = optimizer.Step(learning_rate);
      MoveStatistics(net, share.group, outcome.statistics);
    } catch (const NotFinite& error) {
      result.not_finite = error.what();
    }
    seconds.optimizer += SecondsSince(start);
  }
  if (!result.not_finite.empty()) {
    result.tally = {};
    result.gradient_norm = kNotKnown;
  }
  result.tally.seconds = seconds;
  return result;
}

}  // namespace vantage::train
