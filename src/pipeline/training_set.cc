// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <filesystem>
#include <optional>

#include "pipeline/describe_photos.h"
#include "training_set/cirtorch_import.h"
#include "training_set/excluded_names.h"
#include "training_set/positive_rule.h"
#include "util/log.h"
#include "util/output.h"
#include "util/string.h"
#include "vantage/error.h"
#include "vantage/photos.h"
#include "vantage/pipeline.h"

namespace vantage {
namespace {

namespace fs = std::filesystem;

// Calls read(folder, split) for each folder. With --val, the other folders train.
template <typename Read>
void ForEachFolder(const TrainingSetTask& task, const Read& read) {
  for (const std::string& folder : task.scenes) {
    read(folder, task.val.empty() ? std::optional<Split>() : Split::kTrain);
  }
  for (const std::string& folder : task.val) read(folder, Split::kVal);
}

// Because of a misspelt name a landmark of the test set would be trained on.
void WarnOfUnmetNames(const std::vector<std::string>& names, const char* what) {
  for (const std::string& name : names) LogWarning("--exclude-names ", name, ": no ", what, " has this name");
}

std::vector<TestPhotos> ReadTests(const TrainingSetTask& task) {
  std::vector<TestPhotos> tests;
  for (const std::string& entry : task.exclude_photos) {
    TestPhotos test{entry, {}};
    for (const PhotoRequest& request : ListPhotos({entry}).requests) test.photos.push_back(request.path);
    tests.push_back(std::move(test));
  }
  return tests;
}

PhotoDescriptors DescribeAll(const TrainingSetTask& task, const std::vector<SceneModels>& scenes,
                             const std::vector<TestPhotos>& tests, const RunContext& context) {
  PhotoDescriptors described;
  std::vector<fs::path> photos;
  for (const TestPhotos& test : tests) photos.insert(photos.end(), test.photos.begin(), test.photos.end());
  for (const SceneModels& scene : scenes) {
    for (fs::path& photo : PhotosOf(scene)) photos.push_back(std::move(photo));
  }
  std::sort(photos.begin(), photos.end());
  photos.erase(std::unique(photos.begin(), photos.end()), photos.end());
  for (size_t i = 0; i < photos.size(); ++i) described.row_of[photos[i]] = static_cast<int64_t>(i);
  described.values = pipeline::MakePhotoDescriber(task.model, task.device)(photos, context);
  return described;
}

// Keeps the choices of cirtorch's file. The only option in use is the folder of photos.
BuiltTrainingSet ImportPickle(const TrainingSetTask& task) {
  if (task.scenes.size() != 1 || !task.val.empty()) {
    throw UsageError("a training set of cirtorch is imported by itself: name no other scenes");
  }
  return {training_set::ImportCirtorchPickle(task.scenes[0], task.photos, task.output), {}};
}

BuiltTrainingSet BuildFromClasses(const TrainingSetTask& task, const RunContext& context) {
  if (!task.model.empty() || !task.exclude_photos.empty() || !task.photos.empty()) {
    throw UsageError("--classes goes without --model, --exclude-photos and --photos");
  }
  std::vector<PhotoClass> classes;
  ForEachFolder(task, [&](const std::string& folder, std::optional<Split> split) {
    for (PhotoClass& one : ReadClasses(folder, split)) classes.push_back(std::move(one));
  });
  ClassesAndChanges kept =
      ExcludeClasses(std::move(classes), training_set::ReadNameLists(task.exclude_names));
  WarnOfUnmetNames(kept.unmet, "class");
  std::vector<SceneChange> changes = std::move(kept.changes);
  if (task.exclude.overlapping != "keep") {
    kept = LeaveOutRepeatedFiles(std::move(kept.classes), context);
    changes.insert(changes.end(), kept.changes.begin(), kept.changes.end());
  }
  return {BuildClassTuples(kept.classes, task.options, fs::path(task.output).parent_path()),
          std::move(changes)};
}

BuiltTrainingSet BuildFromScenes(const TrainingSetTask& task, const RunContext& context) {
  const training_set::PositiveRule& rule = training_set::PositiveRuleOf(task.options);
  if (rule.by_descriptor && task.model.empty()) {
    throw UsageError(
        StrCat("--positives ", rule.name, ": takes the nearest photo by descriptor: name a model (--model)"));
  }
  std::vector<SceneModels> scenes;
  ForEachFolder(task, [&](const std::string& folder, std::optional<Split> split) {
    for (SceneModels& scene : ReadScenes(folder, task.photos, split)) scenes.push_back(std::move(scene));
  });
  std::vector<SceneChange> changes;
  const auto apply = [&](ScenesAndChanges result) {
    scenes = std::move(result.scenes);
    changes.insert(changes.end(), result.changes.begin(), result.changes.end());
  };
  ScenesAndChanges named = ExcludeNames(std::move(scenes), training_set::ReadNameLists(task.exclude_names));
  WarnOfUnmetNames(named.unmet, "scene");
  apply(std::move(named));
  const std::vector<TestPhotos> tests = ReadTests(task);
  if (!tests.empty() && task.model.empty()) {
    LogWarning(
        "--exclude-photos compares the bytes of files only: a photo that was saved again, or another photo "
        "of the same thing, is not found; --model MODEL compares the photos' content");
  }
  std::optional<PhotoDescriptors> described;
  if (!task.model.empty()) described = DescribeAll(task, scenes, tests, context);
  const PhotoDescriptors* descriptors = described ? &*described : nullptr;
  ScenesAndChanges tested = ExcludeTestPhotos(std::move(scenes), tests, descriptors, task.exclude, context);
  for (const std::string& name : tested.unmet) {
    LogWarning("--exclude-photos ", name, ": no scene has one of its photos",
               task.model.empty() ? "" : " or shows the same thing");
  }
  apply(std::move(tested));
  apply(ResolveOverlaps(std::move(scenes), descriptors, task.exclude, context));
  return {BuildTuples(scenes, task.options, fs::path(task.output).parent_path(), context, descriptors),
          std::move(changes)};
}

}  // namespace

BuiltTrainingSet BuildTrainingSet(const TrainingSetTask& task, const RunContext& context) {
  CheckOptions(task.options);
  CheckOptions(task.exclude);
  OutputClaims claims;
  OutputRules rules{{task.scenes.begin(), task.scenes.end()}, task.overwrite, &claims};
  rules.inputs.emplace_back(task.model);
  CheckOutput(task.output, file_kinds::kSqlite, rules);
  const bool is_pickle = std::any_of(task.scenes.begin(), task.scenes.end(),
                                     [](const fs::path& path) { return fs::is_regular_file(path); });
  BuiltTrainingSet result = is_pickle      ? ImportPickle(task)
                            : task.classes ? BuildFromClasses(task, context)
                                           : BuildFromScenes(task, context);
  WriteTrainingSet(result.built.set, task.output);
  return result;
}

}  // namespace vantage
