// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/training.h"

#include <ATen/Parallel.h>

#include <chrono>
#include <cmath>

#include "nn/device.h"
#include "nn/pooling.h"
#include "train/benchmark_watch.h"
#include "train/epoch.h"
#include "train/selection.h"
#include "train/session.h"
#include "train/validation.h"
#include "util/rethrow.h"
#include "util/stopwatch.h"
#include "vantage/run_context.h"

namespace vantage::train {
namespace {

using Clock = std::chrono::steady_clock;
using OnEpoch = std::function<void(const EpochMetrics&)>;

double MeanExponent(const nn::DescriptorNet& net) {
  double exponent = kNotKnown;
  net.Visit([&](const std::string&, const at::Tensor& tensor, nn::TensorRole role) {
    if (role == nn::TensorRole::kExponent) exponent = tensor.mean().item<double>();
  });
  return exponent;
}

// Validates the epoch, evaluates the benchmark if it is due, logs the epoch and writes the checkpoint. If
// this is interrupted before the checkpoint, the resumed run repeats it with the same results.
// metrics: those of training. benchmark: none in processes other than 0.
void FinishEpoch(EpochMetrics metrics, const RunInputs& inputs,
                 const std::optional<BenchmarkWatch>& benchmark, Session& session, const OnEpoch& on_epoch) {
  const auto start = Clock::now();
  TrainingState& state = session.state();
  session.SetStoreIsUsed(false);
  const nn::ModelParts result = state.Result();
  auto phase = Clock::now();
  Validate(result.net, inputs, session.store(), metrics);
  metrics.validation_seconds = SecondsSince(phase);
  phase = Clock::now();
  if (benchmark && benchmark->IsDue(metrics.epoch))
    metrics.benchmark_score = benchmark->Evaluate(result.net, session.store(), inputs.context);
  metrics.evaluation_seconds = SecondsSince(phase);
  metrics.exponent = MeanExponent(result.net);
  metrics.skipped_steps = state.skipped_steps;
  metrics.seconds = (std::isnan(metrics.seconds) ? 0 : metrics.seconds) + SecondsSince(start);
  const Selection selection(inputs.options.evaluation, inputs.data.validates());
  const bool is_best = selection.Offer(metrics, state.best);
  metrics.best_epoch = state.best.epoch;

  if (session.log() != nullptr) session.log()->Add(metrics);
  if (is_best && session.folder() != nullptr) session.folder()->WriteBest(result, metrics.epoch);
  state.epochs_done = metrics.epoch;
  state.learning_rate = metrics.learning_rate;
  state.progress.reset();
  session.SetStoreIsUsed(true);
  session.Save();
  session.CloseEpoch();
  if (on_epoch && inputs.group.IsFirst()) on_epoch(metrics);
}

// Describes the photos with the teacher that the loss needs, if it needs one. Its descriptors are kept until
// the run has ended, so that a resumed run does not describe them again; null in processes other than 0, and
// for a teacher that is a file of descriptors.
std::unique_ptr<DescriptorStore> LearnTeacher(RunInputs& inputs, Session& session) {
  if (!inputs.loss.teacher) return nullptr;
  const TrainingSet& set = inputs.data.set();
  const OpenedTeacher teacher =
      OpenTeacher(*inputs.loss.teacher, set, inputs.options, session.state().model.net.dimension());
  std::unique_ptr<DescriptorStore> store;
  if (session.folder() != nullptr && teacher.describer)
    store = std::make_unique<DescriptorStore>(session.folder()->teacher());
  inputs.data.SetTeacher(
      DescribeWithTeacher(teacher, set, inputs.data.photos(), store.get(), inputs.group, inputs.context));
  return store;
}

TrainResult Run(const TrainOptions& options, const std::filesystem::path& folder, bool resume,
                const RunContext& context, const OnEpoch& on_epoch, const ProcessGroup& group) {
  RunInputs inputs(options, group, context);
  std::optional<BenchmarkWatch> benchmark;
  if (group.IsFirst()) benchmark.emplace(options);
  at::set_num_threads(context.ThreadCount());
  if (nn::ParseDevice(options.compute.device).is_cuda()) nn::PreferDeterministicKernels();
  Session session(inputs, folder, resume);
  const TrainingState& state = session.state();
  const std::unique_ptr<DescriptorStore> of_teacher = LearnTeacher(inputs, session);
  if (!session.resumed()) {
    EpochMetrics before;
    before.epoch = state.epochs_done;
    FinishEpoch(before, inputs, benchmark, session, on_epoch);
  } else if (!state.progress) {
    session.CloseEpoch();  // the process may have been killed between the checkpoint and this
  }
  while (state.epochs_done < options.epochs) {
    try {
      TrainEpoch(inputs, session, state.epochs_done + 1);
      FinishEpoch(state.progress->Metrics(), inputs, benchmark, session, on_epoch);
    } catch (const Interrupted&) {
      if (state.progress) session.Save();
      throw;
    } catch (const PeerError&) {  // the step that it ended has changed nothing
      if (state.progress) session.Save();
      throw;
    }
  }
  session.Finish();
  if (of_teacher) of_teacher->Remove();
  if (!group.IsFirst()) return {};
  return {session.log()->epochs(), state.best.epoch, state.best.score, session.folder()->best()};
}

}  // namespace
}  // namespace vantage::train

namespace vantage {

TrainResult Train(const TrainOptions& options, const std::filesystem::path& folder, bool resume,
                  const RunContext& context, const std::function<void(const EpochMetrics&)>& on_epoch,
                  ProcessGroup group) {
  try {
    CheckOptions(options);
    TrainResult result = train::Run(options, folder, resume, group.Watched(context), on_epoch, group);
    group.Finish();
    return result;
  } catch (const Interrupted& error) {
    group.Abandon(error);
    group.CheckPeers();  // cancelled because another process ended early?
    throw;
  } catch (const std::exception& error) {
    group.Abandon(error);
    RethrowAsError();
  }
}

}  // namespace vantage
