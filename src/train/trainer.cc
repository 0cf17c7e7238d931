// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/training.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "nn/device.h"
#include "nn/frozen_net.h"
#include "nn/pooling.h"
#include "report/run_report.h"
#include "train/benchmark_watch.h"
#include "train/run_log.h"
#include "train/run_start.h"
#include "train/schedules/schedules.h"
#include "train/shared_work.h"
#include "train/starting_model.h"
#include "train/training_data.h"
#include "train/training_step.h"
#include "util/check.h"
#include "util/file.h"
#include "util/index.h"
#include "util/log.h"
#include "util/parallel.h"
#include "util/random.h"
#include "util/rethrow.h"
#include "util/stopwatch.h"
#include "vantage/describer.h"
#include "vantage/run_context.h"

namespace vantage::train {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using Clock = std::chrono::steady_clock;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
// Queries whose mined negatives are kept of each epoch, to be looked at.
constexpr int kExampleQueries = 12;

double MeanExponent(const nn::DescriptorNet& net) {
  double exponent = kNaN;
  net.Visit([&](const std::string&, const at::Tensor& tensor, nn::TensorRole role) {
    if (role == nn::TensorRole::kExponent) exponent = tensor.mean().item<double>();
  });
  return exponent;
}

// The losses of tuples as they become known.
struct LossSum {
  double sum = 0;
  int64_t used = 0;
  double Mean() const { return sum / static_cast<double>(used); }
};

class Trainer {
 public:
  Trainer(const TrainOptions& options, const fs::path& folder, const ProcessGroup& group,
          const RunContext& context)
      : options_(options),
        group_(group),
        context_(context),
        data_(options),
        loss_(nn::MakeLoss(options.loss)) {
    if (!group.IsFirst()) return;
    benchmark_.emplace(options);
    folder_.emplace(folder);
    store_.emplace(folder_->descriptors());
  }

  TrainResult Run(bool resume, const std::function<void(const EpochMetrics&)>& on_epoch) {
    at::set_num_threads(context_.ThreadCount());
    if (nn::ParseDevice(options_.compute.device).is_cuda()) nn::PreferDeterministicKernels();
    RunStart start = StartRun(options_, data_, folder_ ? &*folder_ : nullptr, resume, group_, context_);
    nn::ModelParts& model = start.model;
    if (options_.mining.network == "start") starting_net_ = StartingNet();
    Optimizer& optimizer = *start.optimizer;
    state_ = std::move(start.state);
    if (!start.goes_on && TakesFloat16()) state_.gradient_scale = GradientScale::OfFloat16();
    average_ = std::move(start.average);
    EpochMetrics before;
    before.epoch = state_.epochs_done;
    if (folder_) {
      log_.emplace(folder_->path(), state_.steps_done + 1,
                   start.goes_on ? state_.epochs_done + 1 : before.epoch);
    }
    if (!start.goes_on) FinishEpoch(before, Clock::now(), model, optimizer, on_epoch);
    // A kill may have come between an epoch's checkpoint and what follows it.
    if (start.goes_on && !state_.progress) CloseEpoch();
    for (int64_t epoch = state_.epochs_done + 1; epoch <= options_.epochs; ++epoch) {
      TrainEpoch(epoch, model, optimizer, on_epoch);
    }
    if (!folder_) return {};
    store_->Remove();
    return {log_->epochs(), state_.best_epoch, state_.best_score, folder_->best()};
  }

 private:
  bool TakesFloat16() const { return options_.compute.precision == "fp16"; }

  WeightAverage* average() { return average_ ? &*average_ : nullptr; }

  // The model that the run comes to: with averaged weights where they are.
  nn::ModelParts Result(const nn::ModelParts& model) const {
    nn::ModelParts result = model;
    if (average_) result.net = average_->net();
    return result;
  }

  nn::DescriptorNet StartingNet() const {
    if (group_.size() > 1) throw UsageError("mining.network = start: not with several processes");
    nn::DescriptorNet net = ReadStartingModel(options_).net;
    if (!net.IsInitialized())
      throw UsageError("mining.network = start: the network is made when training starts");
    net.To(nn::ParseDevice(options_.compute.device));
    return net;
  }

  // Resumes the epoch that has been begun, or begins it.
  void TrainEpoch(int64_t epoch, nn::ModelParts& model, Optimizer& optimizer,
                  const std::function<void(const EpochMetrics&)>& on_epoch) {
    auto start = Clock::now();
    try {
      while (NextRound(epoch, model, optimizer)) {
        start = Clock::now();  // mining books its own seconds
        TakeSteps(model, optimizer, start);
      }
      const EpochProgress& progress = *state_.progress;
      VANTAGE_CHECK(progress.mined > 0, "mining by difficulty found no triplet in the ",
                    options_.mining.rounds, " rounds of epoch ", epoch,
                    ": lowest_loss, highest_loss and rank_threshold say what is taken");
      VANTAGE_CHECK(
          progress.used > 0, "epoch ", epoch, ": none of ", progress.mined, " tuples could be used",
          options_.drop_last ? " (with drop_last, rounds of fewer than tuples_per_step are left out)" : "");
      FinishEpoch(MetricsOf(progress), start, model, optimizer, on_epoch);
    } catch (const Interrupted&) {
      if (state_.progress) Save(model, optimizer);
      throw;
    } catch (const PeerError&) {  // nothing of the step that it ended has been booked
      if (state_.progress) Save(model, optimizer);
      throw;
    }
  }

  // Mines where the last round's tuples are done; false if that was the epoch's last round.
  bool NextRound(int64_t epoch, nn::ModelParts& model, const Optimizer& optimizer) {
    if (!state_.progress) {
      MineRound({epoch, 0}, model.net);
      return true;
    }
    const EpochProgress& progress = *state_.progress;
    if (progress.next < progress.tuples.size()) return true;
    if (progress.round + 1 >= options_.mining.rounds) return false;
    // Mining takes long; a kill in it costs no step.
    if (options_.checkpoint.every_minutes > 0) Save(model, optimizer);
    MineRound({epoch, progress.round + 1}, model.net);
    return true;
  }

  void MineRound(const mining::MiningTurn& turn, const nn::DescriptorNet& net) {
    const auto start = Clock::now();
    mining::MinedTuples mined =
        data_.Mine(starting_net_ ? *starting_net_ : net, Split::kTrain, turn, store(), group_, context_);
    const auto epoch = static_cast<uint64_t>(turn.epoch);
    EpochProgress progress = state_.progress.value_or(EpochProgress{.epoch = turn.epoch});
    progress.round = turn.round;
    progress.earlier += std::ssize(progress.tuples);
    progress.next = 0;
    if (!mined.tuples.empty()) {  // a mean over the tuples of all rounds
      const auto count = std::ssize(mined.tuples);
      progress.mined += count;
      progress.average_negative_distance +=
          (mined.average_negative_distance - progress.average_negative_distance) *
          (static_cast<double>(count) / static_cast<double>(progress.mined));
    }
    if (log_ && turn.round == 0)
      log_->AddExamples(turn.epoch, data_.set(), data_.photo_root(), mined.tuples, kExampleQueries);
    RandomStream(static_cast<uint64_t>(options_.seed), "order of tuples", {epoch}).Shuffle(mined.tuples);
    if (options_.drop_last) {
      const size_t beyond = mined.tuples.size() % ToIndex(options_.tuples_per_step);
      mined.tuples.resize(mined.tuples.size() - beyond);
    }
    progress.tuples = std::move(mined.tuples);
    progress.mining_seconds += SecondsSince(start);
    state_.progress = std::move(progress);
    store_is_used_up_ = true;
  }

  // `start`: since when the epoch's seconds have not been booked.
  void TakeSteps(nn::ModelParts& model, Optimizer& optimizer, Clock::time_point& start) {
    EpochProgress& progress = *state_.progress;
    const auto per_step = ToIndex(options_.tuples_per_step);
    const int64_t steps = static_cast<int64_t>((progress.tuples.size() + per_step - 1) / per_step);
    nn::DescriptorNet net = model.net;
    net.ComputeTrunkIn(nn::ParsePrecision(options_.compute.precision, net.device()));
    LoadedTuples loaded =
        LoadAhead(progress.tuples, progress.next, Split::kTrain, progress.epoch, progress.earlier);
    const int64_t rounds = options_.mining.rounds;
    const std::string task = StrCat("epoch ", progress.epoch, " of ", options_.epochs,
                                    rounds > 1 ? StrCat(", round ", progress.round + 1, " of ", rounds) : "");
    TupleRunnerOptions runner = RunnerOptions(options_.compute, net.device(), context_.ThreadCount());
    last_save_ = Clock::now();
    while (progress.next < progress.tuples.size()) {
      const auto step_start = Clock::now();
      const size_t count = std::min(per_step, progress.tuples.size() - progress.next);
      const double rate =
          LearningRate(options_.schedule, options_.optimizer.learning_rate,
                       // The rounds to come are not mined yet: as if they had as many steps.
                       {progress.epoch, state_.steps_done,
                        progress.round * steps + static_cast<int64_t>(progress.next / per_step),
                        rounds * steps, options_.epochs});
      const std::span<const mining::Tuple> tuples(progress.tuples.data() + progress.next, count);
      LossSum losses{progress.loss_sum, progress.used};
      runner.limits.gradient_scale = state_.gradient_scale.value;
      StepResult step = TakeStep(
          net, optimizer, loss_, rate, TupleShare(group_, progress.next, count),
          [&](size_t) { return *loaded.Next(); }, runner,
          [&](size_t i, const TupleOutcome& outcome) {
            context_.CheckCancelled();
            Book(outcome, losses);
            context_.Report({task, static_cast<int64_t>(progress.next + i + 1), std::ssize(progress.tuples),
                             losses.used == 0 ? ""
                                              : StrCat("loss ", FormatFixed(losses.Mean(), 4), ", rate ",
                                                       FormatShortest(rate))});
          });
      const bool is_skipped = !step.not_finite.empty();
      if (is_skipped) SkipStep(step, tuples, rate, model, optimizer);
      if (!is_skipped && TakesFloat16()) state_.gradient_scale.Adjust(/*overflowed=*/false);
      Account(step, rate, SecondsSince(step_start), count);
      if (average_ && !is_skipped) average_->Update(model.net);
      progress.seconds += SecondsSince(start);
      start = Clock::now();
      const double minutes = options_.checkpoint.every_minutes;
      if (minutes > 0 && SecondsSince(last_save_) > 60 * minutes) Save(model, optimizer);
    }
  }

  // " on the tuple PHOTOS" of a loss; of a gradient all queries.
  std::string PhotosThatAreNotFinite(const StepResult& step, std::span<const mining::Tuple> tuples) const {
    std::vector<std::string> queries;
    for (size_t i = 0; i < tuples.size(); ++i) {
      const std::vector<std::string> photos = data_.PhotosOf(tuples[i]);
      if (!std::isfinite(step.tuples[i].loss)) return " on the tuple " + Join(photos, ", ");
      queries.push_back(photos[0]);
    }
    return " in the step of the queries " + Join(queries, ", ");
  }

  // Counts a step that changed nothing since it was not finite, and empties it; one too many ends the run.
  void SkipStep(StepResult& step, std::span<const mining::Tuple> tuples, double rate, nn::ModelParts& model,
                const Optimizer& optimizer) {
    const auto clear = [&] {
      step.tuples.clear();
      step.gradient_norm = kNaN;
    };
    const bool is_gradient = std::all_of(step.tuples.begin(), step.tuples.end(),
                                         [](const TupleOutcome& tuple) { return std::isfinite(tuple.loss); });
    if (is_gradient && state_.gradient_scale.Adjust(/*overflowed=*/true)) {
      if (group_.IsFirst()) {
        LogInfo("step ", state_.steps_done + 1, " is left out: its gradient overflows float16; scaled by ",
                state_.gradient_scale.value, " from now on");
      }
      return clear();
    }
    const std::string reason = step.not_finite + PhotosThatAreNotFinite(step, tuples);
    const int most = options_.optimizer.max_skipped_steps;
    if (state_.skipped_steps >= most) {
      Save(model, optimizer);
      throw Error(StrCat(reason, "; ", state_.skipped_steps, " steps were skipped before; ",
                         DumpStep(tuples, rate, reason)));
    }
    ++state_.skipped_steps;
    if (group_.IsFirst()) {
      LogWarning("step ", state_.steps_done + 1, " is skipped: ", reason, " (", state_.skipped_steps,
                 " of at most ", most, " in a run)");
    }
    clear();
  }

  // Decodes this process's own tuples in their order, from `first` on.
  using LoadedTuples = OrderedPrefetch<LoadedTuple>;
  // `earlier`: tuples of the epoch's rounds before.
  LoadedTuples LoadAhead(const std::vector<mining::Tuple>& tuples, size_t first, Split split, int64_t epoch,
                         int64_t earlier) const {
    const int threads = context_.ThreadCount();
    const int loaders =
        options_.compute.loading_threads > 0 ? options_.compute.loading_threads : std::max(1, threads / 2);
    std::vector<size_t> own = TupleShare(group_, first, tuples.size() - first).own;
    const auto count = std::ssize(own);
    return LoadedTuples(count, loaders, loaders + threads,
                        [&tuples, this, first, split, epoch, earlier, own = std::move(own)](int64_t i) {
                          context_.CheckCancelled();
                          const size_t place = first + own[ToIndex(i)];
                          return data_.Load(tuples[place], split, epoch, place + ToIndex(earlier));
                        });
  }

  // Adds what became of a tuple, in the order in which the losses come.
  static void Book(const TupleOutcome& outcome, LossSum& losses) {
    if (!outcome.skipped.empty()) {
      LogWarning(outcome.skipped, "; its tuple is skipped");
      return;
    }
    losses.sum += outcome.loss;
    ++losses.used;
  }

  // Books a finished step: in the tuples' order, so that sums do not depend on which was ready first.
  void Account(const StepResult& step, double rate, double seconds, size_t count) {
    EpochProgress& progress = *state_.progress;
    StepMetrics metrics;
    metrics.step = state_.steps_done + 1;
    metrics.epoch = progress.epoch;
    metrics.learning_rate = rate;
    metrics.gradient_norm = step.gradient_norm;
    metrics.seconds = seconds;
    metrics.data_wait_seconds = step.times.data;
    metrics.forward_seconds = step.times.forward;
    metrics.backward_seconds = step.times.backward;
    double loss_sum = 0;
    for (const TupleOutcome& tuple : step.tuples) {
      if (!tuple.skipped.empty()) continue;
      loss_sum += tuple.loss;
      ++metrics.tuples;
      metrics.photos += tuple.photos;
      metrics.photos_with_gradient += tuple.photos_with_gradient;
    }
    metrics.loss = metrics.tuples == 0 ? kNaN : loss_sum / static_cast<double>(metrics.tuples);
    if (log_) log_->Add(metrics);
    progress.next += count;
    progress.learning_rate = rate;
    progress.loss_sum += loss_sum;
    progress.used += metrics.tuples;
    progress.photos += metrics.photos;
    progress.photos_with_gradient += metrics.photos_with_gradient;
    progress.times.data += step.times.data;
    progress.times.forward += step.times.forward;
    progress.times.backward += step.times.backward;
    progress.optimizer_seconds += step.optimizer_seconds;
    ++state_.steps_done;
  }

  static EpochMetrics MetricsOf(const EpochProgress& progress) {
    EpochMetrics metrics;
    metrics.epoch = progress.epoch;
    metrics.learning_rate = progress.learning_rate;
    metrics.train_loss = progress.MeanLoss();
    metrics.train_negative_distance = progress.average_negative_distance;
    metrics.tuples = progress.used;
    metrics.photos = progress.photos;
    metrics.photos_with_gradient = progress.photos_with_gradient;
    metrics.mining_seconds = progress.mining_seconds;
    metrics.data_wait_seconds = progress.times.data;
    metrics.forward_seconds = progress.times.forward;
    metrics.backward_seconds = progress.times.backward;
    metrics.optimizer_seconds = progress.optimizer_seconds;
    metrics.seconds = progress.mining_seconds + progress.seconds;
    metrics.images_per_second = static_cast<double>(progress.photos) / progress.seconds;
    return metrics;
  }

  void Validate(const nn::DescriptorNet& net, EpochMetrics& metrics) {
    if (!data_.validates()) return;
    const mining::MinedTuples mined =
        data_.Mine(net, Split::kVal, {metrics.epoch}, store(), group_, context_);
    LoadedTuples loaded = LoadAhead(mined.tuples, 0, Split::kVal, metrics.epoch, 0);
    const nn::FrozenNet frozen(net);
    const TupleShare share(group_, 0, mined.tuples.size());
    LossSum seen;
    const StepOutcome outcome = RunTuples(
        frozen, loss_, {}, share.own.size(), [&](size_t) { return *loaded.Next(); },
        RunnerOptions(options_.compute, net.device(), context_.ThreadCount()),
        [&](size_t i, const TupleOutcome& tuple) {
          context_.CheckCancelled();
          Book(tuple, seen);
          context_.Report(
              {StrCat("epoch ", metrics.epoch, ": validating"), seen.used, std::ssize(share.own), ""});
        });
    LossSum losses;
    const std::vector<TupleOutcome> outcomes = ShareOutcomes(share, outcome.tuples);
    for (size_t i = 0; i < outcomes.size(); ++i) {
      if (!outcomes[i].skipped.empty()) continue;
      VANTAGE_CHECK(std::isfinite(outcomes[i].loss), "the validation loss is ", outcomes[i].loss,
                    " on the tuple ", Join(data_.PhotosOf(mined.tuples[i]), ", "));
      losses.sum += outcomes[i].loss;
      ++losses.used;
    }
    VANTAGE_CHECK(losses.used > 0, "none of ", mined.tuples.size(), " validation tuples could be read");
    metrics.val_loss = losses.Mean();
    metrics.val_negative_distance = mined.average_negative_distance;
  }

  // Validates and evaluates the epoch, books it and writes the checkpoint. Whoever is stopped in it does it
  // again and writes the same.
  void FinishEpoch(EpochMetrics metrics, Clock::time_point start, nn::ModelParts& model,
                   const Optimizer& optimizer, const std::function<void(const EpochMetrics&)>& on_epoch) {
    store_is_used_up_ = false;
    auto phase = Clock::now();
    nn::ModelParts result = Result(model);
    Validate(result.net, metrics);
    metrics.validation_seconds = SecondsSince(phase);
    phase = Clock::now();
    const bool evaluates = benchmark_ && benchmark_->IsDue(metrics.epoch);
    metrics.benchmark_map = evaluates ? benchmark_->Evaluate(result.net, store(), context_) : kNaN;
    metrics.evaluation_seconds = SecondsSince(phase);
    metrics.exponent = MeanExponent(result.net);
    metrics.skipped_steps = state_.skipped_steps;
    metrics.seconds = (std::isnan(metrics.seconds) ? 0 : metrics.seconds) + SecondsSince(start);
    const bool is_best = IsBest(metrics);
    metrics.best_epoch = is_best ? metrics.epoch : state_.best_epoch;

    if (log_) log_->Add(metrics);
    state_.epochs_done = metrics.epoch;
    state_.progress.reset();
    if (is_best) {
      state_.best_epoch = metrics.epoch;
      state_.best_score = ScoreOf(metrics);
      if (folder_) folder_->WriteBest(result, metrics.epoch);
    }
    learning_rate_ = metrics.learning_rate;
    store_is_used_up_ = true;
    Save(model, optimizer);
    CloseEpoch();
    if (on_epoch && group_.IsFirst()) on_epoch(metrics);
  }

  // What follows the checkpoint of a finished epoch; doing it again changes nothing.
  void CloseEpoch() const {
    if (!folder_) return;
    folder_->KeepEpoch(state_.epochs_done, options_.checkpoint.keep);
    WriteReport();
  }

  // The page is for people: that it cannot be written ends no run.
  void WriteReport() const {
    try {
      report::WriteRunReport(folder_->path(), {.photo_root = data_.photo_root()}, folder_->report());
    } catch (const Error& error) {
      LogWarning("no report: ", error.what());
    }
  }

  bool by_benchmark() const { return options_.evaluation.best_by == "benchmark"; }

  // The loss or the mAP by which epochs are compared; NaN where it is not known.
  double ScoreOf(const EpochMetrics& metrics) const {
    if (by_benchmark()) return metrics.benchmark_map;
    return data_.validates() ? metrics.val_loss : metrics.train_loss;
  }

  bool IsBest(const EpochMetrics& metrics) const {
    // Without validation epoch 0 has no loss: the first epoch of training is better than none.
    if (std::isnan(state_.best_score)) return true;
    const double score = ScoreOf(metrics);
    return by_benchmark() ? score > state_.best_score : score < state_.best_score;
  }

  // Writes what is known of a step that failed; returns where.
  std::string DumpStep(std::span<const mining::Tuple> tuples, double rate, const std::string& reason) const {
    if (!folder_) return "process 0 tells more";
    json dump = {{"reason", reason},
                 {"epoch", state_.progress->epoch},
                 {"step", state_.steps_done + 1},
                 {"learning_rate", rate},
                 {"tuples", json::array()}};
    for (const mining::Tuple& tuple : tuples)
      dump["tuples"].push_back(
          {{"photos", data_.PhotosOf(tuple)}, {"negative_distances", tuple.negative_distances}});
    WriteFile(folder_->failed_step(), dump.dump(2) + "\n");
    return StrCat(folder_->failed_step().string(), " names the photos of the step, ",
                  folder_->last().string(), " holds the weights before it; is the learning rate too high?");
  }

  void Save(nn::ModelParts& model, const Optimizer& optimizer) {
    if (!folder_) return;
    log_->Flush();
    folder_->WriteLast(model, optimizer, average(),
                       state_.progress ? state_.progress->learning_rate : learning_rate_, state_);
    if (store_is_used_up_) store_->Clear();
    store_is_used_up_ = false;
    last_save_ = Clock::now();
  }

  DescriptorStore* store() { return store_ ? &*store_ : nullptr; }

  TrainOptions options_;
  const ProcessGroup& group_;
  RunContext context_;
  TrainingData data_;
  TupleLoss loss_;
  // Of process 0 alone.
  std::optional<BenchmarkWatch> benchmark_;
  std::optional<RunFolder> folder_;
  std::optional<RunLog> log_;
  // Keeps what mining and evaluation have described since the last checkpoint.
  std::optional<DescriptorStore> store_;
  RunState state_;
  std::optional<WeightAverage> average_;
  std::optional<nn::DescriptorNet> starting_net_;  // where it mines all epochs
  Clock::time_point last_save_;
  bool store_is_used_up_ = false;  // what came of its descriptors is in the next checkpoint
  double learning_rate_ = 0;       // of the last finished epoch
};

}  // namespace
}  // namespace vantage::train

namespace vantage {

TrainResult Train(const TrainOptions& options, const std::filesystem::path& folder, bool resume,
                  const RunContext& context, const std::function<void(const EpochMetrics&)>& on_epoch,
                  ProcessGroup group) {
  try {
    CheckOptions(options);
    TrainResult result = train::Trainer(options, folder, group, group.Watched(context)).Run(resume, on_epoch);
    group.Finish();
    return result;
  } catch (const Interrupted& error) {
    group.Abandon(error);
    group.CheckPeers();  // cancelled since another process ended early?
    throw;
  } catch (const std::exception& error) {
    group.Abandon(error);
    RethrowAsError();
  }
}

}  // namespace vantage
