// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "command_line.h"
#include "config/options_json.h"
#include "session.h"
#include "util/file.h"
#include "util/gpu_driver.h"
#include "util/log.h"
#include "vantage/error.h"
#include "vantage/run_context.h"
#include "vantage/training.h"

namespace vantage::cli {
namespace {

class TrainCommand : public Command {
 public:
  TrainCommand() { Declare(description_, options_); }

  std::string Name() const override { return "train"; }
  std::string Summary() const override { return "Fine-tune a descriptor network on a training set"; }

  void AddArguments(CommandLine& line) override {
    line.Positional("CONFIG", config_,
                    "Configuration (.toml); paths in it are relative to the current folder");
    line.Option("-o,--output", output_,
                "Folder of the run: best.pth, last.pth, metrics.csv, report.html, TensorBoard's files");
    line.Option("--set", changes_, "Change an option: key=value (may be repeated)");
    line.Flag("--resume", resume_, "Go on with the run that stands in the folder");
    line.Flag("--dry-run", dry_run_,
              "Check files, photos and network, try two steps, estimate time and memory; write nothing");
    line.Flag("--print-config", print_config_, "Print the configuration with explanations, and stop");
    line.Example("vantage train configs/quickstart.toml -o run --set epochs=5");
    line.Example("vantage train recipe.toml --dry-run");
  }

  std::string HowToGoOn() const override { return "add --resume to the same command"; }

  void Run(Session& session) override {
    ReadToml(description_, ReadFile(config_), config_);
    for (const std::string& change : changes_) {
      const size_t equals = change.find('=');
      if (equals == change.npos) throw UsageError(StrCat("--set: '", change, "' is not key=value"));
      SetOption(description_, change.substr(0, equals), change.substr(equals + 1), "--set");
    }
    if (session.options().device != "cpu") options_.compute.device = session.options().device;
    CheckOptions(description_);
    const LaunchEnvironment launch = ReadLaunchEnvironment();
    const bool is_first = launch.rank == 0;
    if (print_config_) {
      if (is_first) session.PrintResult(ToJson(description_), ToToml(description_, true));
      return;
    }
    if (dry_run_) {
      if (is_first) Print(session, DryRun(options_, session.context()));
      return;
    }
    if (output_.empty()) throw UsageError("-o: a run needs a folder");
    // Asking the driver starts CUDA: only if the answer counts.
    if (launch.size > 1 && options_.compute.device == "cuda") {
      options_.compute.device =
          DeviceOfProcess(options_.compute.device, launch, static_cast<int>(AskGpuDriver().gpus.size()));
    }
    const RunContext context = ContextOf(launch, session);
    ProcessGroupOptions group;
    group.device = options_.compute.device;
    const TrainResult result =
        Train(options_, output_, resume_, context, LogEpoch, ProcessGroup::Join(launch, context, group));
    if (!is_first) return;
    session.PrintResult({{"best_model", result.best_model.string()},
                         {"best_epoch", result.best_epoch},
                         {"best_score", result.best_score}},
                        StrCat("best epoch ", result.best_epoch, ", score ",
                               FormatFixed(result.best_score, 5), ": ", result.best_model.string(), "\n"));
  }

 private:
  // Processes that share a machine share its cores, and the first one speaks for all.
  static RunContext ContextOf(const LaunchEnvironment& launch, const Session& session) {
    RunContext context = session.context();
    if (context.threads == 0) context.threads = std::max(1, context.ThreadCount() / launch.local_size);
    if (launch.rank > 0) {
      context.on_progress = {};
      SetLogLevel(std::max(ParseLogLevel(session.options().log_level), LogLevel::kWarning));
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

  void Print(Session& session, const DryRunReport& report) const {
    const double gib = static_cast<double>(report.peak_bytes) / (1 << 30);
    std::string text = StrCat("training photos: ", report.train.photos, " of ", report.train.scenes,
                              " scenes, ", report.train.queries, " queries\nvalidation: ", report.val.photos,
                              " photos of ", report.val.scenes, " scenes, ", report.val.queries,
                              " queries\nsampled photos that cannot be read: ", report.failed.size(), " of ",
                              report.sampled_photos, "\n");
    for (const std::string& reason : report.failed) text += "  " + reason + "\n";
    text +=
        StrCat("network: ", NameOf(options_.model.net), ", descriptors of ", report.dimension,
               " dimensions, ", report.trained_parameters, " of ", report.parameters,
               " parameters are trained\nan epoch: ", report.tuples_of_epoch, " tuples in ",
               report.steps_of_epoch, " steps, after ", report.mined_photos_of_epoch,
               " photos are described to mine them\ntime: a step ", FormatFixed(report.seconds_of_step, 2),
               " s, a photo to mine among ", FormatFixed(report.seconds_of_mined_photo, 3),
               " s, an epoch about ", FormatDuration(report.seconds_of_epoch), ", ", options_.epochs,
               " epochs about ", FormatDuration(report.seconds_of_run), "\nmemory: ", FormatFixed(gib, 2),
               " GiB at the peak of two steps\n");
    session.PrintResult({{"train", Json(report.train)},
                         {"val", Json(report.val)},
                         {"sampled_photos", report.sampled_photos},
                         {"failed", report.failed},
                         {"dimension", report.dimension},
                         {"parameters", report.parameters},
                         {"trained_parameters", report.trained_parameters},
                         {"tuples_of_epoch", report.tuples_of_epoch},
                         {"steps_of_epoch", report.steps_of_epoch},
                         {"mined_photos_of_epoch", report.mined_photos_of_epoch},
                         {"seconds_of_step", report.seconds_of_step},
                         {"seconds_of_mined_photo", report.seconds_of_mined_photo},
                         {"seconds_of_epoch", report.seconds_of_epoch},
                         {"seconds_of_run", report.seconds_of_run},
                         {"peak_bytes", report.peak_bytes}},
                        text);
  }

  static nlohmann::json Json(const TrainingSetSummary& split) {
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

std::unique_ptr<Command> MakeTrainCommand() { return std::make_unique<TrainCommand>(); }

}  // namespace vantage::cli
