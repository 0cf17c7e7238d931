// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "config/options_json.h"
#include "tasks/task.h"
#include "util/file.h"
#include "util/gpu_driver.h"
#include "util/log.h"
#include "vantage/error.h"
#include "vantage/run_context.h"
#include "vantage/training.h"

namespace vantage::tasks {
namespace {

using nlohmann::json;

class TrainCall : public TaskCall {
 public:
  TrainCall() { vantage::Declare(description_, options_); }

  void Declare(Arguments& arguments) override {
    arguments.Input("CONFIG", config_,
                    "Configuration (.toml); paths in it are relative to the current folder");
    arguments.Output("-o,--output", output_,
                     "Folder of the run: best.pth, last.pth, metrics.csv, report.html, TensorBoard's files");
    arguments.Option("--set", changes_, "Change an option: key=value (may be repeated)");
    arguments.Option("--resume", resume_, "Resume the run in the folder");
    arguments.Option(
        "--dry-run", dry_run_,
        "Check files, photos and network, try two steps, estimate time and memory; write nothing");
    arguments.Option("--print-config", print_config_, "Print the configuration with explanations, and exit");
  }

  const OptionsDescription* Configuration() const override { return &description_; }

  Result Run(const Call& call) override {
    ReadConfiguration(call);
    const LaunchEnvironment launch = ReadLaunchEnvironment();
    Result result = Obtained(call, launch);
    result.is_silent = launch.rank > 0;  // only the first process prints
    return result;
  }

 private:
  void ReadConfiguration(const Call& call) {
    ReadToml(description_, ReadFile(config_), config_);
    for (const std::string& change : changes_) {
      const size_t equals = change.find('=');
      if (equals == change.npos) throw UsageError(StrCat("--set: '", change, "' is not key=value"));
      SetOption(description_, change.substr(0, equals), change.substr(equals + 1), "--set");
    }
    if (call.common.device != "cpu") options_.compute.device = call.common.device;
    CheckOptions(description_);
  }

  Result Obtained(const Call& call, const LaunchEnvironment& launch) {
    if (print_config_) return Result::Of(ToJson(description_)).Text(ToToml(description_, true));
    if (dry_run_) return launch.rank == 0 ? Estimate(DryRun(options_, call.context)) : Result();
    if (output_.empty()) throw UsageError("-o: a run needs a folder");
    // Asking the driver starts CUDA, so ask only if it is needed.
    if (launch.size > 1 && options_.compute.device == "cuda") {
      options_.compute.device =
          DeviceOfProcess(options_.compute.device, launch, static_cast<int>(AskGpuDriver().gpus.size()));
    }
    const RunContext context = ContextOf(launch, call);
    ProcessGroupOptions group;
    group.device = options_.compute.device;
    const TrainResult run =
        Train(options_, output_, resume_, context, LogEpoch, ProcessGroup::Join(launch, context, group));
    return Result::Of({{"best_model", run.best_model.string()},
                       {"best_epoch", run.best_epoch},
                       {"best_score", run.best_score}})
        .Line("best epoch {best_epoch}, score {best_score:5}: {best_model}");
  }

  // Processes on one machine share its cores. Only the first process reports progress.
  static RunContext ContextOf(const LaunchEnvironment& launch, const Call& call) {
    RunContext context = call.context;
    if (context.threads == 0) context.threads = std::max(1, context.ThreadCount() / launch.local_size);
    if (launch.rank > 0) {
      context.on_progress = {};
      SetLogLevel(std::max(ParseLogLevel(call.common.log_level), LogLevel::kWarning));
    }
    return context;
  }

  static void LogEpoch(const EpochMetrics& m) {
    const auto or_dash = [](double value, int digits) {
      return std::isnan(value) ? std::string("-") : FormatFixed(value, digits);
    };
    LogInfo("epoch ", m.epoch, ": loss ", or_dash(m.train_loss, 5), ", validation ", or_dash(m.val_loss, 5),
            ", distance of negatives ", or_dash(m.train_negative_distance, 4), " and ",
            or_dash(m.val_negative_distance, 4), ", p ", or_dash(m.exponent, 3),
            m.skipped_steps > 0 ? StrCat(", ", m.skipped_steps, " steps skipped so far") : "", ", ",
            FormatDuration(m.seconds));
  }

  Result Estimate(const DryRunReport& report) const {
    Result result = Result::Of({{"train", SizesOf(report.train)},
                                {"val", SizesOf(report.val)},
                                {"sampled_photos", report.sampled_photos},
                                {"failed", report.failed},
                                {"dimension", report.dimension},
                                {"parameters", report.parameters},
                                {"trained_parameters", report.trained_parameters},
                                {"tuples_of_epoch", report.tuples_of_epoch},
                                {"steps_of_epoch", report.steps_of_epoch},
                                {"mined_photos_of_epoch", report.mined_photos_of_epoch},
                                {"taught_photos", report.taught_photos},
                                {"seconds_of_teacher", report.seconds_of_teacher},
                                {"seconds_of_step", report.seconds_of_step},
                                {"seconds_of_mined_photo", report.seconds_of_mined_photo},
                                {"seconds_of_epoch", report.seconds_of_epoch},
                                {"seconds_of_run", report.seconds_of_run},
                                {"peak_bytes", report.peak_bytes}});
    result.Line("training photos: {train.photos} of {train.scenes} scenes, {train.queries} queries")
        .Line("validation: {val.photos} photos of {val.scenes} scenes, {val.queries} queries")
        .Line("sampled photos that cannot be read: {failed:n} of {sampled_photos}")
        .Lines("failed", "  {}");
    result.Line(StrCat("network: ", NameOf(options_.model.net),
                       ", descriptors of {dimension} dimensions, {trained_parameters} of {parameters} "
                       "parameters are trained"));
    result.Line(
        "an epoch: {tuples_of_epoch} tuples in {steps_of_epoch} steps, after {mined_photos_of_epoch} "
        "photos "
        "are described to mine them");
    if (report.taught_photos > 0)
      result.Line("the teacher describes {taught_photos} photos once, about {seconds_of_teacher:time}");
    result.Line(
        StrCat("time: a step {seconds_of_step:2} s, a photo to mine among {seconds_of_mined_photo:3} s, an "
               "epoch about {seconds_of_epoch:time}, ",
               options_.epochs, " epochs about {seconds_of_run:time}"));
    const double gib = static_cast<double>(report.peak_bytes) / (1 << 30);
    return result.Line(StrCat("memory: ", FormatFixed(gib, 2), " GiB at the peak of two steps"));
  }

  static json SizesOf(const TrainingSetSummary& split) {
    return {{"scenes", split.scenes}, {"photos", split.photos}, {"queries", split.queries}};
  }

  std::string config_;
  std::string output_;
  std::vector<std::string> changes_;
  bool resume_ = false;
  bool dry_run_ = false;
  bool print_config_ = false;
  TrainOptions options_;
  OptionsDescription description_;
};

}  // namespace

Task TrainRow() {
  return {.name = "train",
          .section = Section::kTraining,
          .summary = "Fine-tune a descriptor network on a training set",
          .examples = {"vantage train configs/quickstart.toml -o run --set epochs=5",
                       "vantage train recipe.toml --dry-run"},
          .make = MakeCall<TrainCall>,
          .resume = "add --resume to the same command"};
}

}  // namespace vantage::tasks
