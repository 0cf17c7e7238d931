// SPDX-License-Identifier: BSD-3-Clause
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "command_line.h"
#include "session.h"
#include "vantage/train/trainer.h"
#include "vantage/util/error.h"
#include "vantage/util/file.h"
#include "vantage/util/log.h"

namespace vantage {
namespace {

class TrainCommand : public Command {
 public:
  TrainCommand() { Describe(description_, options_); }

  std::string Name() const override { return "train"; }
  std::string Summary() const override { return "Fine-tune a descriptor network on a training set"; }

  void Declare(CommandLine& line) override {
    line.Positional("CONFIG", config_,
                    "Configuration (.toml); paths in it are relative to the current folder");
    line.Option("-o,--output", output_, "Folder of the run: checkpoints, metrics.csv, best.pth",
                /*required=*/true);
    line.Option("--set", changes_, "Change an option: key=value (may be repeated)");
    line.Flag("--resume", resume_, "Go on with the run that stands in the folder");
    line.Flag("--print-config", print_config_, "Print the configuration with explanations, and stop");
    line.Example("vantage train configs/quickstart.toml -o run --set epochs=5");
  }

  std::string HowToGoOn() const override { return "add --resume to the same command"; }

  void Run(Session& session) override {
    ReadToml(description_, ReadFile(config_), config_);
    for (const std::string& change : changes_) {
      const size_t equals = change.find('=');
      if (equals == change.npos) throw UsageError(StrCat("--set: '", change, "' is not key=value"));
      SetOption(description_, change.substr(0, equals), change.substr(equals + 1), "--set");
    }
    CheckOptions(description_);
    if (print_config_) return session.PrintResult(ToJson(description_), ToToml(description_, true));
    const TrainResult result = Train(options_, output_, resume_, session.context(), LogEpoch);
    session.PrintResult({{"best_model", result.best_model.string()},
                         {"best_epoch", result.best_epoch},
                         {"best_loss", result.best_loss}},
                        StrCat("best epoch ", result.best_epoch, ", loss ", FormatFixed(result.best_loss, 5),
                               ": ", result.best_model.string(), "\n"));
  }

 private:
  static void LogEpoch(const EpochMetrics& m) {
    const auto or_dash = [](double value, int digits) {
      return std::isnan(value) ? std::string("-") : FormatFixed(value, digits);
    };
    LogInfo("epoch ", m.epoch, ": loss ", or_dash(m.train_loss, 5), ", validation ", or_dash(m.val_loss, 5),
            ", distance of negatives ", or_dash(m.train_negative_distance, 4), " and ",
            or_dash(m.val_negative_distance, 4), ", p ", or_dash(m.exponent, 3), ", ",
            FormatDuration(m.seconds));
  }

  std::string config_;
  std::string output_;
  std::vector<std::string> changes_;
  bool resume_ = false;
  bool print_config_ = false;
  TrainOptions options_;
  OptionsDescription description_;
};

}  // namespace

std::unique_ptr<Command> MakeTrainCommand() { return std::make_unique<TrainCommand>(); }

}  // namespace vantage
