// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/train/trainer.h"

#include <ATen/Parallel.h>

#include <chrono>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <span>

#include "train/run_folder.h"
#include "train/tuple_step.h"
#include "vantage/nn/intra_op_threads.h"
#include "vantage/train/schedule.h"
#include "vantage/util/error.h"
#include "vantage/util/hash.h"
#include "vantage/util/log.h"
#include "vantage/util/parallel.h"
#include "vantage/util/random.h"
#include "vantage/util/version.h"

namespace vantage {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

json OriginOf(TrainOptions options) {
  OptionsDescription description;
  Describe(description, options);
  json origin;
  origin["vantage"] = Version();
  origin["configuration"] = ToJson(description);
  origin["training_set_sha256"] = Sha256OfFile(options.data.training_set);
  origin["weights_sha256"] = Sha256OfFile(options.model.weights);
  return origin;
}

class Trainer {
 public:
  Trainer(const TrainOptions& options, const fs::path& folder, const RunContext& context)
      : options_(options),
        context_(context),
        set_(ReadTrainingSet(options.data.training_set)),
        photo_root_(options.data.photos.empty() ? fs::path(options.data.training_set).parent_path()
                                                : fs::path(options.data.photos)),
        loss_(MakeLoss(options.loss.name, options.loss.margin)),
        folder_(folder) {
    extract_.image_size = options.data.image_size;
    extract_.apply_exif_orientation = options.data.apply_exif_orientation;
    CheckMinable(set_, Split::kTrain);
    validates_ = Summarize(set_, Split::kVal).queries > 0;
    if (validates_) CheckMinable(set_, Split::kVal);
  }

  TrainResult Run(bool resume, const std::function<void(const EpochMetrics&)>& on_epoch) {
    at::set_num_threads(context_.ThreadCount());
    const bool goes_on = resume && folder_.HasCheckpoint();
    if (!resume && folder_.HasCheckpoint()) {
      throw UsageError(StrCat(folder_.last().string(),
                              ": a run stands here already; go on with --resume, or choose another folder"));
    }
    Model model =
        goes_on ? folder_.ReadModelOfCheckpoint() : ReadModel(options_.model.weights, options_.model.net);
    if (!goes_on) CheckArchitecture(model);
    folder_.KeepConfig(options_);
    Optimizer optimizer(model.net, options_.optimizer, options_.model.freeze);
    RunState state;
    if (goes_on) {
      state = folder_.ReadState(optimizer);
      LogInfo("going on after epoch ", state.epochs_done);
    } else {
      model.image_size = options_.data.image_size;
      model.origin = OriginOf(options_).dump();
      // A whitening of the network before training does not fit it afterwards.
      model.whitenings.clear();
      model.default_whitening.clear();
      Finish(EpochZero(model.net), model, optimizer, 0, state, on_epoch);
    }
    for (int64_t epoch = state.epochs_done + 1; epoch <= options_.epochs; ++epoch) {
      const double rate = LearningRate(options_.schedule, options_.optimizer.learning_rate,
                                       {epoch, 0, 0, 1, options_.epochs});
      EpochMetrics metrics = RunEpoch(model.net, optimizer, epoch, rate);
      Finish(metrics, model, optimizer, rate, state, on_epoch);
    }
    return {state.metrics, state.best_epoch, state.best_loss, folder_.best()};
  }

 private:
  using Clock = std::chrono::steady_clock;

  void CheckArchitecture(const Model& model) const {
    const DescriptorNetOptions& have = model.net.options();
    DescriptorNetOptions want = options_.model.net;
    if (want.output_dimension == model.net.dimension()) want.output_dimension = have.output_dimension;
    if (have == want) return;
    throw UsageError(StrCat(options_.model.weights, ": holds a ", NameOf(have),
                            "; the configuration wants a ", NameOf(want)));
  }

  static double SecondsSince(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
  }

  static double Exponent(DescriptorNet& net) {
    double exponent = kNaN;
    net.Visit([&](const std::string& name, at::Tensor& tensor, TensorRole) {
      if (IsExponent(name)) exponent = tensor.mean().item<double>();
    });
    return exponent;
  }

  MinedTuples Mine(const DescriptorNet& net, Split split, int64_t epoch) const {
    RunContext context = context_;
    if (context_.on_progress) {
      context.on_progress = [&](Progress progress) {
        progress.task = StrCat("epoch ", epoch, ": mining ", split == Split::kVal ? "(validation)" : "");
        context_.Report(progress);
      };
    }
    MinedTuples mined =
        MineEpoch(set_, split, photo_root_, net, extract_, options_.mining, options_.seed, epoch, context);
    const bool is_first = epoch == (split == Split::kVal ? 0 : 1);
    if (mined.short_tuples > 0 && is_first) {
      LogInfo(mined.short_tuples, " of ", mined.tuples.size(), " tuples got fewer than ",
              options_.mining.negatives, " negatives: the split '", SplitName(split),
              "' has too few other scenes");
    }
    return mined;
  }

  struct LossSum {
    double sum = 0;
    int64_t used = 0;
    double Mean() const { return sum / static_cast<double>(used); }
  };

  // Evaluates tuples, several at a time on a CPU, and calls `use` with the outcomes of those that could be
  // read, in their order: the sums do not depend on which was ready first. `begin` of `tuples` are done
  // already.
  void EvaluateTuples(const DescriptorNet& net, std::span<const Tuple> tuples, size_t begin, size_t count,
                      const std::vector<at::Tensor>& parameters, const std::string& task, LossSum& losses,
                      const std::function<void(const TupleOutcome&)>& use) {
    const int threads = context_.ThreadCount();
    const int workers = net.device().is_cpu() ? std::min<int>(threads, options_.tuples_per_step) : 1;
    const IntraOpThreads share_of_threads(std::max(1, threads / workers));
    OrderedPrefetch<TupleOutcome> outcomes(static_cast<int64_t>(count), workers, 2 * workers, [&](int64_t i) {
      context_.CheckCancelled();
      share_of_threads.Enter();
      const LoadedTuple loaded =
          LoadTuple(set_, tuples[begin + static_cast<size_t>(i)], photo_root_, extract_);
      return EvaluateTuple(net, loaded, loss_, parameters);
    });
    for (size_t i = begin; i < begin + count; ++i) {
      const TupleOutcome outcome = *outcomes.Next();
      if (!outcome.skipped.empty()) {
        LogWarning(outcome.skipped, "; its tuple is skipped");
      } else {
        if (!std::isfinite(outcome.loss)) FailOnLoss(tuples[i], outcome.loss);
        losses.sum += outcome.loss;
        ++losses.used;
        if (use) use(outcome);
      }
      context_.Report({task, static_cast<int64_t>(i + 1), static_cast<int64_t>(tuples.size()),
                       losses.used == 0 ? "" : "loss " + FormatFixed(losses.Mean(), 4)});
    }
  }

  [[noreturn]] void FailOnLoss(const Tuple& tuple, double loss) const {
    std::vector<std::string> photos = {PhotoPath(set_, tuple.query, photo_root_).string(),
                                       PhotoPath(set_, tuple.positive, photo_root_).string()};
    for (const PhotoId negative : tuple.negatives)
      photos.push_back(PhotoPath(set_, negative, photo_root_).string());
    throw Error(StrCat("the loss is ", loss, " on the tuple ", Join(photos, ", "),
                       "; is the learning rate too high? The checkpoint before it is kept"));
  }

  static void CheckSomeUsed(const LossSum& losses, const MinedTuples& mined) {
    VANTAGE_CHECK(losses.used > 0, "none of ", mined.tuples.size(), " tuples could be read");
  }

  void Validate(const DescriptorNet& net, int64_t epoch, EpochMetrics& metrics) {
    metrics.val_loss = kNaN;
    metrics.val_negative_distance = kNaN;
    if (!validates_) return;
    const MinedTuples mined = Mine(net, Split::kVal, epoch);
    LossSum losses;
    EvaluateTuples(net, mined.tuples, 0, mined.tuples.size(), {}, StrCat("epoch ", epoch, ": validating"),
                   losses, {});
    CheckSomeUsed(losses, mined);
    metrics.val_loss = losses.Mean();
    metrics.val_negative_distance = mined.average_negative_distance;
  }

  EpochMetrics EpochZero(DescriptorNet& net) {
    const auto start = Clock::now();
    EpochMetrics metrics;
    metrics.train_loss = kNaN;
    metrics.train_negative_distance = kNaN;
    metrics.exponent = Exponent(net);
    Validate(net, 0, metrics);
    metrics.seconds = SecondsSince(start);
    return metrics;
  }

  EpochMetrics RunEpoch(DescriptorNet& net, Optimizer& optimizer, int64_t epoch, double rate) {
    const auto start = Clock::now();
    MinedTuples mined = Mine(net, Split::kTrain, epoch);
    RandomStream(static_cast<uint64_t>(options_.seed), "order of tuples", {static_cast<uint64_t>(epoch)})
        .Shuffle(mined.tuples);
    EpochMetrics metrics;
    metrics.epoch = epoch;
    metrics.learning_rate = rate;
    metrics.train_negative_distance = mined.average_negative_distance;
    const std::string task = StrCat("epoch ", epoch, " of ", options_.epochs);
    const std::vector<at::Tensor> parameters = optimizer.Parameters();
    const auto per_step = static_cast<size_t>(options_.tuples_per_step);
    LossSum losses;
    for (size_t begin = 0; begin < mined.tuples.size(); begin += per_step) {
      const int64_t used_before = losses.used;
      EvaluateTuples(net, mined.tuples, begin, std::min(per_step, mined.tuples.size() - begin), parameters,
                     task, losses,
                     [&](const TupleOutcome& outcome) { optimizer.AddGradients(outcome.gradients); });
      if (losses.used > used_before) optimizer.Step(rate);
    }
    CheckSomeUsed(losses, mined);
    metrics.tuples = losses.used;
    metrics.train_loss = losses.Mean();
    Validate(net, epoch, metrics);
    metrics.exponent = Exponent(net);
    metrics.seconds = SecondsSince(start);
    return metrics;
  }

  // Books the epoch and writes the checkpoint.
  void Finish(const EpochMetrics& metrics, Model& model, const Optimizer& optimizer, double rate,
              RunState& state, const std::function<void(const EpochMetrics&)>& on_epoch) {
    const double loss = validates_ ? metrics.val_loss : metrics.train_loss;
    state.epochs_done = metrics.epoch;
    // Without validation epoch 0 has no loss: the first epoch of training is better than none.
    if (state.metrics.empty() || std::isnan(state.best_loss) || loss < state.best_loss) {
      state.best_loss = loss;
      state.best_epoch = metrics.epoch;
    }
    state.metrics.push_back(metrics);
    folder_.WriteCheckpoint(model, optimizer, rate, state);
    if (on_epoch) on_epoch(metrics);
  }

  TrainOptions options_;
  RunContext context_;
  TrainingSet set_;
  fs::path photo_root_;
  TupleLoss loss_;
  RunFolder folder_;
  ExtractOptions extract_;
  bool validates_ = false;
};

}  // namespace

TrainResult Train(const TrainOptions& options, const fs::path& folder, bool resume, const RunContext& context,
                  const std::function<void(const EpochMetrics&)>& on_epoch) {
  if (options.data.training_set.empty()) throw UsageError("the configuration names no data.training_set");
  if (options.model.weights.empty())
    throw UsageError("the configuration names no model.weights to start from");
  return Trainer(options, folder, context).Run(resume, on_epoch);
}

}  // namespace vantage
