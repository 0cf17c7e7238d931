// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>

#include "command_line.h"
#include "photo_describer.h"
#include "session.h"
#include "training_set_files.h"
#include "util/file.h"
#include "util/lines.h"
#include "util/log.h"
#include "vantage/describer.h"
#include "vantage/error.h"
#include "vantage/run_context.h"
#include "vantage/training_set.h"

namespace vantage::cli {
namespace {

class TuplesCommand : public Command {
 public:
  TuplesCommand() {
    Declare(description_, options_);
    Declare(description_, exclude_);
  }

  std::string Name() const override { return "tuples"; }
  std::string Summary() const override { return "Choose queries and matching photos from sparse models"; }

  void AddArguments(CommandLine& line) override {
    line.Positional(
        "SCENES", scenes_,
        "Folders of COLMAP models, as 'vantage reconstruct' writes them or others; or a training set of "
        "cirtorch (.pkl)");
    line.Option("-o,--output", output_, "Training set to write (.db)", /*required=*/true);
    line.Flag("--classes", classes_,
              "SCENES are folders of photos, each sub-folder a class: photos of one class match each other");
    line.Option(
        "--photos", photos_,
        "Folder of the photos, or of a folder for each scene; default: the one that scene.json names, or "
        "images beside the model; of a .pkl: 'ims' beside it");
    line.Option("--val", val_,
                "Folder of models whose scenes validate (may be repeated); then none are drawn");
    line.Option("--model", model_,
                "Model whose descriptors find scenes that overlap each other or the excluded photos, and m1 "
                "positives");
    line.Option(
        "--exclude-names", excluded_names_,
        "Scenes to leave out, such as the landmarks of test sets: names, or text files (.txt) with a name a "
        "line (may be repeated)");
    line.Option(
        "--exclude-photos", excluded_photos_,
        "Folders or lists of photos that are tested on: scenes that show what they show are left out (may "
        "be repeated)");
    line.Options(description_);
    line.Example("vantage tuples models/ -o training-set.db");
    line.Example("vantage tuples landmarks/ --classes -o training-set.db");
    line.Example("vantage tuples models/ --model model.pth --exclude-photos paris6k/ -o training-set.db");
  }

  void Run(Session& session) override {
    std::vector<std::string> inputs = scenes_;
    inputs.push_back(model_);
    CheckOutput(output_, file_kinds::kSqlite, session.Rules(inputs));
    if (NamesPickle()) return Import(session);
    if (classes_) return BuildFromClasses(session);
    if (options_.positives == "m1" && model_.empty()) {
      throw UsageError("--positives m1: takes the nearest photo by descriptor: name a model (--model)");
    }
    std::vector<SceneModels> scenes;
    const auto add = [&](const std::string& folder, std::optional<Split> split) {
      for (SceneModels& scene : ReadScenes(folder, photos_, split)) scenes.push_back(std::move(scene));
    };
    for (const std::string& folder : scenes_) {
      add(folder, val_.empty() ? std::optional<Split>() : Split::kTrain);
    }
    for (const std::string& folder : val_) add(folder, Split::kVal);

    std::vector<SceneChange> changes;
    const auto apply = [&](ScenesAndChanges result) {
      scenes = std::move(result.scenes);
      changes.insert(changes.end(), result.changes.begin(), result.changes.end());
    };
    ScenesAndChanges named = ExcludeNames(std::move(scenes), ExcludedNames());
    WarnOfUnmetNames(named.unmet, "scene");
    apply(std::move(named));
    const std::vector<TestPhotos> tests = ExcludedPhotos();
    if (!tests.empty() && model_.empty()) {
      LogWarning(
          "--exclude-photos compares the bytes of files only: a photo that was saved anew, or another one "
          "of the same thing, is not found; --model MODEL compares what photos show");
    }
    std::optional<PhotoDescriptors> described;
    if (!model_.empty()) described = DescribeAll(session, scenes, tests);
    const PhotoDescriptors* descriptors = described ? &*described : nullptr;
    ScenesAndChanges tested =
        ExcludeTestPhotos(std::move(scenes), tests, descriptors, exclude_, session.context());
    for (const std::string& name : tested.unmet) {
      LogWarning("--exclude-photos ", name, ": no scene has one of its photos",
                 model_.empty() ? "" : " or shows what they show");
    }
    apply(std::move(tested));
    apply(ResolveOverlaps(std::move(scenes), descriptors, exclude_, session.context()));
    const BuiltTuples built = BuildTuples(scenes, options_, std::filesystem::path(output_).parent_path(),
                                          session.context(), descriptors);
    WriteTrainingSet(built.set, output_);
    Print(session, built, changes);
  }

 private:
  std::vector<std::string> ExcludedNames() const {
    std::vector<std::string> names;
    for (const std::string& entry : excluded_names_) {
      if (!entry.ends_with(".txt")) {
        names.push_back(entry);
        continue;
      }
      for (const TextLine& line : ReadLines(entry)) names.push_back(line.text);
    }
    return names;
  }

  // Warns of names that left nothing out: a name with a mistake would let a test's landmark be trained on.
  static void WarnOfUnmetNames(const std::vector<std::string>& names, const char* what) {
    for (const std::string& name : names)
      LogWarning("--exclude-names ", name, ": no ", what, " has this name");
  }

  std::vector<TestPhotos> ExcludedPhotos() const {
    std::vector<TestPhotos> tests;
    for (const std::string& entry : excluded_photos_) {
      TestPhotos test{entry, {}};
      for (const PhotoRequest& request : ListPhotos({entry}).requests) test.photos.push_back(request.path);
      tests.push_back(std::move(test));
    }
    return tests;
  }

  PhotoDescriptors DescribeAll(const Session& session, const std::vector<SceneModels>& scenes,
                               const std::vector<TestPhotos>& tests) const {
    PhotoDescriptors described;
    std::vector<std::filesystem::path> photos;
    for (const TestPhotos& test : tests) photos.insert(photos.end(), test.photos.begin(), test.photos.end());
    for (const SceneModels& scene : scenes) {
      for (std::filesystem::path& photo : PhotosOf(scene)) photos.push_back(std::move(photo));
    }
    std::sort(photos.begin(), photos.end());
    photos.erase(std::unique(photos.begin(), photos.end()), photos.end());
    for (size_t i = 0; i < photos.size(); ++i) described.row_of[photos[i]] = static_cast<int64_t>(i);
    described.values = MakePhotoDescriber(model_, session.options().device)(photos, session.context());
    return described;
  }

  bool NamesPickle() const {
    return std::any_of(scenes_.begin(), scenes_.end(),
                       [](const std::string& path) { return std::filesystem::is_regular_file(path); });
  }

  void BuildFromClasses(Session& session) const {
    if (!model_.empty() || !excluded_photos_.empty() || !photos_.empty()) {
      throw UsageError("--classes goes without --model, --exclude-photos and --photos");
    }
    std::vector<PhotoClass> classes;
    const auto add = [&](const std::string& folder, std::optional<Split> split) {
      for (PhotoClass& one : ReadClasses(folder, split)) classes.push_back(std::move(one));
    };
    for (const std::string& folder : scenes_)
      add(folder, val_.empty() ? std::optional<Split>() : Split::kTrain);
    for (const std::string& folder : val_) add(folder, Split::kVal);
    ClassesAndChanges kept = ExcludeClasses(std::move(classes), ExcludedNames());
    WarnOfUnmetNames(kept.unmet, "class");
    std::vector<SceneChange> changes = std::move(kept.changes);
    if (exclude_.overlapping != "keep") {
      kept = LeaveOutRepeatedFiles(std::move(kept.classes), session.context());
      changes.insert(changes.end(), kept.changes.begin(), kept.changes.end());
    }
    const BuiltTuples built =
        BuildClassTuples(kept.classes, options_, std::filesystem::path(output_).parent_path());
    WriteTrainingSet(built.set, output_);
    Print(session, built, changes);
  }

  // What cirtorch's file has chosen stands: no option but the folder of photos has a say.
  void Import(Session& session) const {
    if (scenes_.size() != 1 || !val_.empty()) {
      throw UsageError("a training set of cirtorch is imported by itself: name no other scenes");
    }
    const BuiltTuples built = ImportCirtorchPickle(scenes_[0], photos_, output_);
    WriteTrainingSet(built.set, output_);
    Print(session, built, {});
  }

  void Print(Session& session, const BuiltTuples& built, const std::vector<SceneChange>& changes) const {
    std::vector<std::vector<std::string>> table = {
        {"split", "scenes", "photos", "queries", "candidates a query"}};
    nlohmann::json result = {{"output", output_},
                             {"dropped_scenes", built.report.dropped_scenes},
                             {"missing_photos", built.report.missing_photos},
                             {"repeated_photos", built.report.repeated_photos}};
    if (built.report.missing_photos > 0) result["missing_example"] = built.report.missing_example;
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
    nlohmann::json& changed = result["changed_scenes"] = nlohmann::json::array();
    for (const SceneChange& change : changes) {
      text += StrCat(change.scene, ": ", change.change, ": ", change.why, "\n");
      changed.push_back({{"scene", change.scene}, {"change", change.change}, {"why", change.why}});
    }
    if (built.report.missing_photos > 0) {
      text += StrCat(built.report.missing_photos, " photos that are named there are missing, such as ",
                     built.report.missing_example, "\n");
    }
    if (built.report.repeated_photos > 0) {
      text += StrCat(built.report.repeated_photos, " photos are in another scene too, which has them\n");
    }
    for (const std::string& scene : built.report.dropped_scenes) text += StrCat("left out: ", scene, "\n");
    session.PrintResult(result, text);
  }

  std::vector<std::string> scenes_;
  std::string output_;
  bool classes_ = false;
  std::string photos_;
  std::vector<std::string> val_;
  std::string model_;
  std::vector<std::string> excluded_names_;
  std::vector<std::string> excluded_photos_;
  ExcludeOptions exclude_;
  TupleOptions options_;
  OptionsDescription description_;
};

}  // namespace

std::unique_ptr<Command> MakeTuplesCommand() { return std::make_unique<TuplesCommand>(); }

}  // namespace vantage::cli
