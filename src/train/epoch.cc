// SPDX-License-Identifier: BSD-3-Clause
#include "train/epoch.h"

#include <algorithm>
#include <chrono>
#include <span>

#include "nn/device.h"
#include "train/schedules/schedules.h"
#include "train/shared_work.h"
#include "train/skipped_steps.h"
#include "train/training_step.h"
#include "util/check.h"
#include "util/index.h"
#include "util/log.h"
#include "util/random.h"
#include "util/stopwatch.h"

namespace vantage::train {
namespace {

using Clock = std::chrono::steady_clock;

// Number of queries of each epoch whose mined negatives are kept for people to look at.
constexpr int kExampleQueries = 12;

void MineRound(const RunInputs& inputs, Session& session, const mining::MiningTurn& turn) {
  const auto start = Clock::now();
  const TrainOptions& options = inputs.options;
  const mining::MinedTuples mined = inputs.data.Mine(session.mining_net(), Split::kTrain, turn,
                                                     session.store(), inputs.group, inputs.context);
  if (session.log() != nullptr && turn.round == 0) {
    session.log()->AddExamples(turn.epoch, inputs.data.set(), inputs.data.photo_root(), mined.tuples,
                               kExampleQueries);
  }
  std::optional<EpochProgress>& progress = session.state().progress;
  if (!progress) progress.emplace(EpochProgress{.epoch = turn.epoch});
  progress->BeginRound(turn.round, mined);
  std::vector<mining::Tuple>& tuples = progress->tuples;
  RandomStream(static_cast<uint64_t>(options.seed), "order of tuples", {static_cast<uint64_t>(turn.epoch)})
      .Shuffle(tuples);
  if (options.drop_last) tuples.resize(tuples.size() - tuples.size() % ToIndex(options.tuples_per_step));
  progress->mining_seconds += SecondsSince(start);
  session.SetStoreIsUsed(true);
}

// Mines a round if the tuples of the last one are done. Returns false after the epoch's last round.
bool NextRound(const RunInputs& inputs, Session& session, int64_t epoch) {
  const std::optional<EpochProgress>& progress = session.state().progress;
  if (!progress) {
    MineRound(inputs, session, {epoch, 0});
    return true;
  }
  if (progress->next < progress->tuples.size()) return true;
  if (progress->round + 1 >= inputs.options.mining.rounds) return false;
  // Mining takes long. If the process is killed in it, no step is lost.
  if (inputs.options.checkpoint.every_minutes > 0) session.Save();
  MineRound(inputs, session, {epoch, progress->round + 1});
  return true;
}

double RateOfNextStep(const TrainOptions& options, const TrainingState& state) {
  const EpochProgress& progress = *state.progress;
  const auto per_step = ToIndex(options.tuples_per_step);
  const auto steps_of_round = static_cast<int64_t>((progress.tuples.size() + per_step - 1) / per_step);
  const int64_t rounds = options.mining.rounds;
  // Later rounds are not mined yet: assumes that all have as many steps.
  return LearningRate(options.schedule, options.optimizer.learning_rate,
                      {progress.epoch, state.steps_done,
                       progress.round * steps_of_round + static_cast<int64_t>(progress.next / per_step),
                       rounds * steps_of_round, options.epochs});
}

// Adds a finished step to the log and to the epoch's sums.
void AddStep(const StepResult& step, double learning_rate, double seconds, size_t count, Session& session) {
  TrainingState& state = session.state();
  EpochProgress& progress = *state.progress;
  ++state.steps_done;
  StepMetrics metrics;
  metrics.step = state.steps_done;
  metrics.epoch = progress.epoch;
  metrics.loss = step.tally.MeanLoss();
  metrics.learning_rate = learning_rate;
  metrics.gradient_norm = step.gradient_norm;
  metrics.seconds = seconds;
  SetTally(step.tally, metrics);
  if (session.log() != nullptr) session.log()->Add(metrics);
  progress.next += count;
  progress.learning_rate = learning_rate;
  progress.tally += step.tally;
}

// Takes the steps of the round, from the first that is not done.
void TakeSteps(const RunInputs& inputs, Session& session) {
  const TrainOptions& options = inputs.options;
  const RunContext& context = inputs.context;
  TrainingState& state = session.state();
  EpochProgress& progress = *state.progress;
  const size_t total = progress.tuples.size();
  auto booked = Clock::now();  // progress.seconds is up to here
  nn::DescriptorNet net = state.model.net;
  net.ComputeTrunkIn(nn::ParsePrecision(options.compute.precision, net.device()));
  LoadedTuples loaded = inputs.data.LoadAhead(progress.tuples, progress.next,
                                              TupleShare(inputs.group, progress.next, total - progress.next),
                                              Split::kTrain, progress.epoch, progress.earlier, context);
  const int64_t rounds = options.mining.rounds;
  const std::string task = StrCat("epoch ", progress.epoch, " of ", options.epochs,
                                  rounds > 1 ? StrCat(", round ", progress.round + 1, " of ", rounds) : "");
  auto last_save = Clock::now();
  while (progress.next < total) {
    const auto start = Clock::now();
    const size_t count = std::min(ToIndex(options.tuples_per_step), total - progress.next);
    const std::span<const mining::Tuple> tuples(progress.tuples.data() + progress.next, count);
    const double rate = RateOfNextStep(options, state);
    Tally shown = progress.tally;
    const StepResult step = TakeStep(
        *inputs.engine, net, *state.optimizer, rate, TupleShare(inputs.group, progress.next, count),
        {.loss = inputs.loss,
         .next = [&](size_t) { return *loaded.Next(); },
         .on_tuple =
             [&](size_t i, const TupleOutcome& outcome) {
               context.CheckCancelled();
               WarnIfSkipped(outcome);
               shown.Add(outcome);
               context.Report({task, static_cast<int64_t>(progress.next + i + 1), static_cast<int64_t>(total),
                               shown.tuples == 0 ? ""
                                                 : StrCat("loss ", FormatFixed(shown.MeanLoss(), 4),
                                                          ", rate ", FormatShortest(rate))});
             },
         .gradient_scale = state.gradient_scale.value,
         .frozen = session.frozen_features()});
    if (step.not_finite.empty()) {
      if (TakesFloat16(options.compute)) state.gradient_scale.Adjust(/*overflowed=*/false);
      if (state.average) state.average->Update(state.model.net);
    } else {
      SkipStep(inputs, session, step, tuples, rate);
    }
    AddStep(step, rate, SecondsSince(start), count, session);
    progress.seconds += SecondsSince(booked);
    booked = Clock::now();
    const double minutes = options.checkpoint.every_minutes;
    if (minutes > 0 && SecondsSince(last_save) > 60 * minutes) {
      session.Save();
      last_save = Clock::now();
    }
  }
  progress.seconds += SecondsSince(booked);
}

}  // namespace

void TrainEpoch(const RunInputs& inputs, Session& session, int64_t epoch) {
  while (NextRound(inputs, session, epoch)) TakeSteps(inputs, session);
  const TrainOptions& options = inputs.options;
  if (const FrozenFeatures* frozen = session.frozen_features()) {
    LogInfo("epoch ", epoch, ": the first ", frozen->stages(), " blocks were computed for ", frozen->photos(),
            " photos that are kept (", frozen->bytes() >> 20, " MiB), and left out ", frozen->reused(),
            " times");
  }
  const EpochProgress& progress = *session.state().progress;
  VANTAGE_CHECK(progress.mined > 0, "the miner '", options.mining.miner.kind(), "' found no triplet in the ",
                options.mining.rounds, " rounds of epoch ", epoch, "; its options say which are taken");
  VANTAGE_CHECK(
      progress.tally.tuples > 0, "epoch ", epoch, ": none of ", progress.mined, " tuples could be used",
      options.drop_last ? " (with drop_last, rounds of fewer than tuples_per_step are left out)" : "");
}

}  // namespace vantage::train
