// SPDX-License-Identifier: BSD-3-Clause
#include <filesystem>
#include <nlohmann/json.hpp>
#include <utility>

#include "command_line.h"
#include "model_arguments.h"
#include "nn/fold_whitening.h"
#include "nn/model_file.h"
#include "numerics/shrinkage_json.h"
#include "report/whitening_report.h"
#include "session.h"
#include "train/learn_whitening.h"
#include "util/hash.h"
#include "util/string.h"
#include "vantage/describer.h"
#include "vantage/error.h"
#include "vantage/training.h"
#include "vantage/training_set.h"

namespace vantage::cli {
namespace {

namespace fs = std::filesystem;

class WhitenCommand : public Command {
 public:
  WhitenCommand() { Declare(description_, options_); }

  std::string Name() const override { return "whiten"; }
  std::string Summary() const override {
    return "Learn a whitening from matching pairs and store it in the model";
  }

  void AddArguments(CommandLine& line) override {
    model_.AddModelTo(line, "MODEL", "Model");
    line.Option("--tuples", tuples_, "Training set (.db) whose pairs it is learned from", /*required=*/true);
    line.Option("-o,--output", output_, "Model to write", /*required=*/true);
    line.Option(
        "--photos", photos_,
        "Folder of the photos, if they were moved: the one that the set's paths start from, or the moved "
        "one; default: the training set's own");
    line.Option("--name", name_, "Name of the whitening in the model; default: the method's");
    line.Option("--size", size_,
                "Longest side that photos are reduced to, pixels; 0: the model's own, or 1024");
    line.Option("--scales", scales_,
                "Scales that photos are described at, such as 1,0.7071,0.5, kept as the model's own; "
                "default: those. Where "
                "there are several, one whitening is learned at them and one at a single scale");
    line.Flag("--fold", fold_,
              "Make the whitening the network's last linear layer, for programs that know of no whitening");
    line.Option("--report", report_, "HTML file to write: how --shrinkage auto chose, as a curve");
    line.Flag("--restart", restart_, "Describe all photos anew, including those of an interrupted run");
    line.Options(description_);
    line.Example("vantage whiten run/best.pth --tuples training-set.db -o model.pth");
  }

  void Run(Session& session) override {
    const OutputRules rules = session.Rules({model_.path, tuples_});
    CheckOutput(output_, file_kinds::kCheckpoint, rules);
    if (!report_.empty()) {
      if (options_.shrinkage != "auto" || options_.method.starts_with("pca"))
        throw UsageError("--report: shows how --shrinkage auto chose; here nothing is chosen");
      CheckOutput(report_, file_kinds::kPage, rules);
    }
    const Model read = model_.Read(session);
    nn::ModelParts model = read.parts();
    const auto [set, root] = ReadLocatedSet(tuples_, photos_);
    const int size = EffectiveImageSize(read, {.image_size = size_});
    const std::vector<double> scales = EffectiveScales(read, {.scales = scales_});
    if (fold_) CheckFoldable(model, scales);
    const std::string store_path = output_ + ".partial";
    if (restart_) DescriptorStore::Discard(store_path);
    DescriptorStore store(store_path);
    if (options_.scratch.empty()) options_.scratch = fs::absolute(output_).parent_path().string();
    const LearnedWhitening learned = train::LearnWhiteningFromTuples(
        model.net, set, root, {.image_size = size, .scales = scales}, options_, session.context(), &store);
    const std::string name = name_.empty() ? options_.method : name_;
    if (fold_) {
      model.net = nn::FoldWhitening(model.net, *learned.whitening.single_scale);
      model.whitenings.clear();  // they are of other descriptors
      model.default_whitening.clear();
    } else {
      model.whitenings[name] = learned.whitening;
      model.default_whitening = name;
    }
    model.image_size = size;
    model.scales = scales;
    nlohmann::json origin = nlohmann::json::parse(model.origin);
    origin["whitening"] = {{"name", name},
                           {"method", options_.method},
                           {"shrinkage", ShrinkageJson(learned)},
                           {"pairs_per_query", options_.pairs_per_query},
                           {"dimension", options_.dimension},
                           {"folded", fold_},
                           {"model_sha256", std::exchange(model.file_sha256, "")},
                           {"training_set_sha256", Sha256OfFile(tuples_)},
                           {"photos", learned.photos},
                           {"pairs", learned.pairs},
                           {"image_size", size},
                           {"scales", scales}};
    model.origin = origin.dump();
    nn::WriteModel(model, output_);
    if (!report_.empty())
      report::WriteWhiteningReport(fs::path(output_).filename().string(), ChoicesOf(learned), report_);
    store.Remove();
    session.PrintResult(
        {{"output", output_},
         {"name", name},
         {"photos", learned.photos},
         {"pairs", learned.pairs},
         {"dimension", learned.whitening.single_scale->projection.rows()},
         {"shrinkage", ShrinkageJson(learned)},
         {"folded", fold_}},
        StrCat("whitening '", name, "' learned from ", learned.pairs, " pairs of ", learned.photos, " photos",
               fold_ ? " and folded into the network" : "", ": ", output_, "\n", ShrinkageText(learned)));
  }

 private:
  // The shrinkage that was named, or how each was chosen, by the keys of whitenings in a model's file; null
  // if the method has none.
  nlohmann::json ShrinkageJson(const LearnedWhitening& learned) const {
    if (!learned.single_scale_shrinkage) {
      if (options_.shrinkage == "auto" || options_.method.starts_with("pca")) return nullptr;
      return ParseDouble(options_.shrinkage, "--shrinkage");
    }
    nlohmann::json choices = {{"ss", ToJson(*learned.single_scale_shrinkage)}};
    if (learned.multi_scale_shrinkage) choices["ms"] = ToJson(*learned.multi_scale_shrinkage);
    return choices;
  }

  static std::vector<std::pair<std::string, ShrinkageChoice>> ChoicesOf(const LearnedWhitening& learned) {
    std::vector<std::pair<std::string, ShrinkageChoice>> choices;
    if (learned.single_scale_shrinkage) choices.emplace_back("At one scale", *learned.single_scale_shrinkage);
    if (learned.multi_scale_shrinkage)
      choices.emplace_back("At several scales", *learned.multi_scale_shrinkage);
    return choices;
  }

  static std::string ShrinkageText(const LearnedWhitening& learned) {
    std::string text;
    if (learned.single_scale_shrinkage) text += vantage::Summary(*learned.single_scale_shrinkage) + "\n";
    if (learned.multi_scale_shrinkage)
      text += "at several scales: " + vantage::Summary(*learned.multi_scale_shrinkage) + "\n";
    return text;
  }

  // Found out before the photos are described.
  static void CheckFoldable(const nn::ModelParts& model, const std::vector<double>& scales) {
    if (scales.size() > 1) {
      throw UsageError(
          "--fold: a whitening that is learned at several scales comes after their descriptors have been "
          "averaged, "
          "and a network's last layer before; leave out --fold, or take one scale with --scales 1");
    }
    nn::CheckTakesWhitening(model.net.options());
  }

  ModelArguments model_;
  std::string tuples_;
  std::string output_;
  std::string photos_;
  std::string report_;
  std::string name_;
  int size_ = 0;
  bool fold_ = false;
  bool restart_ = false;
  std::string scales_ = "default";
  LearnWhiteningOptions options_;
  OptionsDescription description_;
};

}  // namespace

std::unique_ptr<Command> MakeWhitenCommand() { return std::make_unique<WhitenCommand>(); }

}  // namespace vantage::cli
