// SPDX-License-Identifier: BSD-3-Clause
#include <filesystem>
#include <nlohmann/json.hpp>

#include "command_line.h"
#include "mining/tuple_miner.h"
#include "model_arguments.h"
#include "nn/model_file.h"
#include "report/run_report.h"
#include "report/training_set_report.h"
#include "session.h"
#include "util/log.h"
#include "vantage/error.h"
#include "vantage/mining.h"
#include "vantage/run_context.h"
#include "vantage/training_set.h"

namespace vantage::cli {
namespace {

namespace fs = std::filesystem;

class ReportCommand : public Command {
 public:
  ReportCommand() { Declare(description_, options_); }

  std::string Name() const override { return "report"; }
  std::string Summary() const override { return "Show a training set, or a training run, as a page"; }

  void AddArguments(CommandLine& line) override {
    line.Positional("SET", set_, "Training set (.db), or the folder of a run of vantage train");
    line.Option("-o,--output", output_, "Page to write (.html): one file, opens without network",
                /*required=*/true);
    line.Option(
        "--photos", photos_,
        "Folder of the photos, if they were moved: the one that the set's paths start from, or the moved "
        "one; default: the training set's own");
    model_.AddOptionalTo(line, "--model", "Model to mine negatives with; without it, none are shown");
    line.Option("--size", size_,
                "Longest side that photos are reduced to for the model, pixels; 0: the model's own, or 1024");
    line.Option("--variant", mining_.variant,
                "Negatives: n1, the nearest photos of other scenes; n2, at most one of each other scene");
    line.Option("--mined-queries", mining_.queries,
                "Queries of each split that negatives are mined for, at most");
    line.Option("--pool", mining_.pool, "Photos of each split among which negatives are looked for, at most");
    line.Options(description_);
    line.Example("vantage report training-set.db --model model.pth -o training-set.html");
    line.Example("vantage report run -o run.html");
  }

  void Run(Session& session) override {
    CheckOutput(output_, file_kinds::kPage, session.Rules({set_, model_.path}));
    if (fs::is_directory(set_)) return ReportRun(session);
    const auto [set, root] = ReadLocatedSet(set_, photos_);
    report::ReportNegatives negatives;
    if (!model_.path.empty()) negatives = Mine(session, set, root);
    const report::TrainingSetReportSummary summary = report::WriteTrainingSetReport(
        set, fs::path(set_).filename().string(), root, model_.path.empty() ? nullptr : &negatives, options_,
        output_, session.context());
    Print(session, summary);
  }

 private:
  void ReportRun(Session& session) {
    if (!model_.path.empty()) throw UsageError("--model: the page of a run shows what the run mined itself");
    const report::RunReportSummary summary = report::WriteRunReport(set_,
                                                                    {.queries = options_.queries,
                                                                     .negatives = options_.negatives,
                                                                     .thumbnails = options_.thumbnails,
                                                                     .photo_root = photos_},
                                                                    output_, session.context());
    const nlohmann::json result = {{"output", output_},        {"epochs", summary.epochs},
                                   {"steps", summary.steps},   {"queries", summary.queries},
                                   {"photos", summary.photos}, {"bytes", summary.bytes},
                                   {"notes", summary.notes},   {"unreadable", summary.unreadable}};
    std::string text =
        StrCat(output_, ": ", summary.epochs, " epochs, ", summary.queries, " sample queries, ",
               FormatFixed(static_cast<double>(summary.bytes) / 1e6, 1), " MB\n");
    for (const std::string& note : summary.notes) text += note + "\n";
    for (const std::string& reason : summary.unreadable) text += StrCat("unreadable: ", reason, "\n");
    session.PrintResult(result, text);
  }

  report::ReportNegatives Mine(Session& session, const TrainingSet& set, const fs::path& root) {
    ParseNegativeVariant(mining_.variant);
    if (mining_.queries < 1) throw UsageError("--mined-queries: must be at least 1");
    if (mining_.pool < 1) throw UsageError("--pool: must be at least 1");
    const Model model = model_.Read(session);
    ExtractOptions extract;
    extract.image_size = EffectiveImageSize(model, {.image_size = size_});
    extract.apply_exif_orientation = options_.thumbnails.apply_exif_orientation;
    mining_.negatives = options_.negatives;
    report::ReportNegatives negatives{.model = fs::path(model_.path).filename().string()};
    for (const Split split : {Split::kTrain, Split::kVal}) {
      try {
        Append(mining::MineRound(set, split, root, model.parts().net, extract,
                                 MiningOptions{.miner = mining_}, options_.seed, {}, session.context()),
               split, negatives);
      } catch (const Interrupted&) {
        throw;
      } catch (const Error& error) {  // the rest of the page is worth having
        negatives.notes.push_back(StrCat("No negatives in the split ", SplitName(split), ": ", error.what()));
        LogWarning(negatives.notes.back());
      }
    }
    return negatives;
  }

  static void Append(const mining::MinedTuples& mined, Split split, report::ReportNegatives& negatives) {
    if (!mined.failed.empty()) {
      negatives.notes.push_back(StrCat(mined.failed.size(), " photos of the split ", SplitName(split),
                                       " could not be described; queries that need one are left out."));
    }
    for (const mining::Tuple& tuple : mined.tuples) {
      report::QueryNegatives& query = negatives.queries.emplace_back();
      query.query = tuple.query;
      query.positive_distance = tuple.positive_distance;
      for (size_t i = 0; i < tuple.negatives.size(); ++i) {
        query.negatives.push_back({tuple.negatives[i], tuple.negative_distances[i]});
      }
    }
  }

  void Print(Session& session, const report::TrainingSetReportSummary& summary) const {
    const nlohmann::json result = {
        {"output", output_},      {"queries", summary.queries},        {"photos", summary.photos},
        {"bytes", summary.bytes}, {"negatives", !model_.path.empty()}, {"unreadable", summary.unreadable}};
    std::string text = StrCat(output_, ": ", summary.queries, " queries, ", summary.photos, " photos, ",
                              FormatFixed(static_cast<double>(summary.bytes) / 1e6, 1), " MB\n");
    for (const std::string& reason : summary.unreadable) text += StrCat("unreadable: ", reason, "\n");
    session.PrintResult(result, text);
  }

  std::string set_;
  std::string output_;
  std::string photos_;
  ModelArguments model_;
  int size_ = 0;
  NegativeMiningOptions mining_;
  report::TrainingSetReportOptions options_;
  OptionsDescription description_;
};

}  // namespace

std::unique_ptr<Command> MakeReportCommand() { return std::make_unique<ReportCommand>(); }

}  // namespace vantage::cli
