// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "command_line.h"
#include "session.h"
#include "training_set_files.h"
#include "vantage/tuples/build.h"
#include "vantage/util/error.h"

namespace vantage {
namespace {

class TuplesCommand : public Command {
 public:
  TuplesCommand() { Describe(description_, options_); }

  std::string Name() const override { return "tuples"; }
  std::string Summary() const override { return "Choose queries and matching photos from sparse models"; }

  void Declare(CommandLine& line) override {
    line.Positional(
        "SCENES", scenes_,
        "Folders of COLMAP models, as 'vantage reconstruct' writes them or others; or a training set of "
        "cirtorch (.pkl)");
    line.Option("-o,--output", output_, "Training set to write (.db)", /*required=*/true);
    line.Option("--photos", photos_,
                "Folder of the photos, for models that do not say where they are; of a .pkl: "
                "default 'ims' beside it");
    line.Option("--val", val_,
                "Folder of models whose scenes validate (may be repeated); then none are drawn");
    line.Options(description_);
    line.Example("vantage tuples models/ -o training-set.db");
  }

  void Run(Session& session) override {
    if (NamesPickle()) return Import(session);
    std::vector<SceneModels> scenes;
    const auto add = [&](const std::string& folder, std::optional<Split> split) {
      for (SceneModels& scene : ReadScenes(folder, photos_, split)) scenes.push_back(std::move(scene));
    };
    for (const std::string& folder : scenes_) {
      add(folder, val_.empty() ? std::optional<Split>() : Split::kTrain);
    }
    for (const std::string& folder : val_) add(folder, Split::kVal);
    const BuiltTuples built =
        BuildTuples(scenes, options_, std::filesystem::path(output_).parent_path(), session.context());
    WriteTrainingSet(built.set, output_);
    Print(session, built);
  }

 private:
  bool NamesPickle() const {
    return std::any_of(scenes_.begin(), scenes_.end(),
                       [](const std::string& path) { return std::filesystem::is_regular_file(path); });
  }

  // What cirtorch's file has chosen stands: no option but the folder of photos has a say.
  void Import(Session& session) const {
    if (scenes_.size() != 1 || !val_.empty()) {
      throw UsageError("a training set of cirtorch is imported by itself: name no other scenes");
    }
    const BuiltTuples built = ImportCirtorchPickle(scenes_[0], photos_, output_);
    WriteTrainingSet(built.set, output_);
    Print(session, built);
  }

  void Print(Session& session, const BuiltTuples& built) const {
    std::vector<std::vector<std::string>> table = {
        {"split", "scenes", "photos", "queries", "candidates a query"}};
    nlohmann::json result = {{"output", output_},
                             {"dropped_scenes", built.report.dropped_scenes},
                             {"missing_photos", built.report.missing_photos}};
    for (const Split split : {Split::kTrain, Split::kVal}) {
      const TrainingSetSummary s = Summarize(built.set, split);
      table.push_back({SplitName(split), std::to_string(s.scenes), std::to_string(s.photos),
                       std::to_string(s.queries), FormatFixed(s.candidates_per_query, 1)});
      result[SplitName(split)] = {{"scenes", s.scenes},
                                  {"photos", s.photos},
                                  {"queries", s.queries},
                                  {"candidates_per_query", s.candidates_per_query}};
    }
    std::string text = FormatTable(table);
    if (built.report.missing_photos > 0) {
      text += StrCat(built.report.missing_photos, " photos that are named there are missing\n");
    }
    for (const std::string& scene : built.report.dropped_scenes) text += StrCat("left out: ", scene, "\n");
    session.PrintResult(result, text);
  }

  std::vector<std::string> scenes_;
  std::string output_;
  std::string photos_;
  std::vector<std::string> val_;
  TupleOptions options_;
  OptionsDescription description_;
};

}  // namespace

std::unique_ptr<Command> MakeTuplesCommand() { return std::make_unique<TuplesCommand>(); }

}  // namespace vantage
