// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/sfm/reconstruct.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>

#include "sfm/colmap_program.h"
#include "vantage/sfm/colmap_model.h"
#include "vantage/util/error.h"
#include "vantage/util/file.h"
#include "vantage/util/hash.h"
#include "vantage/util/log.h"
#include "vantage/util/parallel.h"

namespace vantage {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using Clock = std::chrono::steady_clock;

struct Scene {
  std::string name;
  fs::path photo_folder;
  std::vector<fs::path> photos;  // relative to the folder
};

std::vector<Scene> FindScenes(const fs::path& photos) {
  VANTAGE_CHECK(fs::is_directory(photos), photos.string(), ": no such folder");
  std::vector<Scene> scenes;
  for (const std::string& name : ListFolders(photos)) {
    Scene scene{name, photos / name, ListFiles(photos / name, PhotoExtensions())};
    if (!scene.photos.empty()) scenes.push_back(std::move(scene));
  }
  if (scenes.empty()) {
    const fs::path folder = fs::absolute(photos).lexically_normal();
    const std::string name = (folder.has_filename() ? folder : folder.parent_path()).filename().string();
    scenes.push_back({name, photos, ListFiles(photos, PhotoExtensions())});
  }
  VANTAGE_CHECK(!scenes.front().photos.empty(), photos.string(), ": no photo (",
                Join(PhotoExtensions(), ", "), ") in it or below it");
  return scenes;
}

// Works on one scene, step by step; scene.json says which are finished.
class SceneWork {
 public:
  SceneWork(const Scene& scene, fs::path folder, const ReconstructOptions& options,
            const ColmapProgram& colmap, int threads,
            std::function<void(int finished, const std::string& next)> on_step, const RunContext& context)
      : scene_(scene),
        folder_(std::move(folder)),
        options_(options),
        colmap_(colmap),
        threads_(std::to_string(threads)),
        on_step_(std::move(on_step)),
        context_(context) {}

  SceneOutcome Run() {
    fs::create_directories(folder_);
    LoadState();
    SceneOutcome outcome;
    if (state_.contains("outcome")) {
      outcome = OutcomeFromState();
      outcome.was_done = true;
      return outcome;
    }
    outcome.status = RunSteps();
    outcome.name = scene_.name;
    outcome.photos = static_cast<int64_t>(scene_.photos.size());
    outcome.seconds = state_.value("seconds", 0.0);
    if (outcome.status.empty()) CountModels(outcome);
    // A failure is told but not kept: another call tries again.
    if (outcome.status == "done" || outcome.status == "no model") {
      KeepOutcome(outcome);
    } else {
      SaveState();
    }
    return outcome;
  }

 private:
  fs::path StatePath() const { return folder_ / "scene.json"; }
  fs::path LogPath() const { return folder_ / "colmap.log"; }
  fs::path DatabasePath() const { return folder_ / "database.db"; }
  fs::path ModelPath() const { return folder_ / "sparse"; }

  // Photos and options that the result depends on.
  std::string Fingerprint() const {
    std::string text = StrCat(options_.max_image_size, " ", options_.max_features, "\n");
    for (const fs::path& photo : scene_.photos) {
      text += StrCat(photo.string(), " ", fs::file_size(scene_.photo_folder / photo), "\n");
    }
    return Sha256(text);
  }

  void LoadState() {
    if (fs::exists(StatePath())) {
      // A damaged file only costs the work to be done again.
      state_ = json::parse(ReadFile(StatePath()), nullptr, /*allow_exceptions=*/false);
    }
    const std::string fingerprint = Fingerprint();
    if (!state_.is_object() || state_.value("fingerprint", "") != fingerprint) {
      for (const fs::path& old : {DatabasePath(), ModelPath(), LogPath()}) fs::remove_all(old);
      state_ = {{"steps", json::array()}, {"fingerprint", fingerprint}};
    }
    state_["photos"] = PathFrom(folder_, scene_.photo_folder);
    state_["colmap"] = colmap_.version();
  }

  void SaveState() const { WriteFile(StatePath(), state_.dump(1) + "\n"); }

  // Returns "" where all went well, else the scene's status.
  std::string RunSteps() {
    using Option = ColmapProgram::Option;
    const std::string gpu = options_.gpu ? "1" : "0";
    const fs::path list = folder_ / "photos.txt";
    std::string names;
    for (const fs::path& photo : scene_.photos) names += photo.generic_string() + "\n";
    WriteFile(list, names);
    const Option database{{"database_path"}, DatabasePath().string()};
    const Option images{{"image_path"}, scene_.photo_folder.string()};

    // COLMAP 3.13 and later say FeatureExtraction and FeatureMatching for what is not SIFT's alone.
    std::string extraction = RunStep(
        "feature_extractor", {database,
                              images,
                              {{"image_list_path"}, list.string()},
                              {{"FeatureExtraction.use_gpu", "SiftExtraction.use_gpu"}, gpu},
                              {{"FeatureExtraction.num_threads", "SiftExtraction.num_threads"}, threads_},
                              {{"FeatureExtraction.max_image_size", "SiftExtraction.max_image_size"},
                               std::to_string(options_.max_image_size)},
                              {{"SiftExtraction.max_num_features"}, std::to_string(options_.max_features)}});
    if (!extraction.empty()) return extraction;
    std::string matching = RunStep("exhaustive_matcher",
                                   {database,
                                    {{"FeatureMatching.use_gpu", "SiftMatching.use_gpu"}, gpu},
                                    {{"FeatureMatching.num_threads", "SiftMatching.num_threads"}, threads_}});
    if (!matching.empty()) return matching;

    const fs::path partial = folder_ / "sparse.partial";
    fs::remove_all(partial);
    fs::create_directories(partial);
    std::string mapping = RunStep("mapper", {database,
                                             images,
                                             {{"output_path"}, partial.string()},
                                             {{"Mapper.num_threads"}, threads_},
                                             {{"Mapper.min_model_size"}, "3"}});
    if (!mapping.empty()) return mapping;
    fs::remove_all(ModelPath());
    fs::rename(partial, ModelPath());
    return "";
  }

  std::string RunStep(const std::string& command, const std::vector<ColmapProgram::Option>& options) {
    on_step_(steps_begun_++, command);
    json& steps = state_["steps"];
    if (std::find(steps.begin(), steps.end(), command) != steps.end()) return "";
    const auto start = Clock::now();
    const int code = colmap_.Run(command, options, LogPath(), context_);
    state_["seconds"] =
        state_.value("seconds", 0.0) + std::chrono::duration<double>(Clock::now() - start).count();
    // The mapper says so by its exit code where it finds no model.
    const bool found_nothing = command == "mapper" && code == 1;
    if (code != 0 && !found_nothing) {
      return StrCat("failed: colmap ", command, " ended with exit code ", code, "; see ", LogPath().string());
    }
    if (command != "mapper") {
      steps.push_back(command);
      SaveState();
    }
    return "";
  }

  void CountModels(SceneOutcome& outcome) const {
    std::set<std::string> registered;
    double errors = 0;
    double track_lengths = 0;
    for (const std::string& name : ListFolders(ModelPath())) {
      if (!IsColmapModel(ModelPath() / name)) continue;
      const Reconstruction model = ReadColmapModel(ModelPath() / name);
      const ReconstructionSummary summary = Summarize(model);
      for (const auto& [id, image] : model.images) registered.insert(image.name);
      ++outcome.models;
      outcome.points += summary.points;
      errors += summary.mean_reprojection_error * static_cast<double>(summary.points);
      track_lengths += summary.mean_track_length * static_cast<double>(summary.points);
    }
    outcome.registered = static_cast<int64_t>(registered.size());
    if (outcome.points > 0) {
      outcome.mean_reprojection_error = errors / static_cast<double>(outcome.points);
      outcome.mean_track_length = track_lengths / static_cast<double>(outcome.points);
    }
    outcome.status = outcome.models > 0 ? "done" : "no model";
  }

  void KeepOutcome(const SceneOutcome& outcome) {
    state_["outcome"] = {{"status", outcome.status},
                         {"photos", outcome.photos},
                         {"models", outcome.models},
                         {"registered", outcome.registered},
                         {"points", outcome.points},
                         {"mean_reprojection_error", outcome.mean_reprojection_error},
                         {"mean_track_length", outcome.mean_track_length},
                         {"seconds", outcome.seconds}};
    SaveState();
  }

  SceneOutcome OutcomeFromState() const {
    const json& o = state_.at("outcome");
    SceneOutcome outcome;
    outcome.name = scene_.name;
    try {
      outcome.status = o.at("status");
      outcome.photos = o.at("photos");
      outcome.models = o.at("models");
      outcome.registered = o.at("registered");
      outcome.points = o.at("points");
      outcome.mean_reprojection_error = o.at("mean_reprojection_error");
      outcome.mean_track_length = o.at("mean_track_length");
      outcome.seconds = o.at("seconds");
    } catch (const json::exception& error) {
      throw Error(StrCat(StatePath().string(), ": ", error.what(), "; remove it to do the scene again"));
    }
    return outcome;
  }

  const Scene& scene_;
  fs::path folder_;
  const ReconstructOptions& options_;
  const ColmapProgram& colmap_;
  std::string threads_;
  std::function<void(int, const std::string&)> on_step_;  // called when a step begins
  const RunContext& context_;
  json state_;
  int steps_begun_ = 0;
};

// Progress of scenes that are worked on at the same time. A scene counts each of its photos once a step.
class SceneProgress {
 public:
  SceneProgress(const std::vector<Scene>& scenes, const RunContext& context)
      : scenes_(scenes), context_(context), finished_(scenes.size()) {
    for (const Scene& scene : scenes) total_ += Units(scene, kSteps);
  }

  // So many steps of the scene are finished.
  void Show(size_t scene, int steps, const std::string& what) {
    const std::scoped_lock lock(mutex_);
    done_ += Units(scenes_[scene], steps - finished_[scene]);
    finished_[scene] = steps;
    context_.Report({"reconstructing", done_, total_, StrCat(scenes_[scene].name, ": ", what)});
  }

  static constexpr int kSteps = 3;

 private:
  static int64_t Units(const Scene& scene, int steps) {
    return steps * static_cast<int64_t>(scene.photos.size());
  }

  const std::vector<Scene>& scenes_;
  const RunContext& context_;
  std::mutex mutex_;
  std::vector<int> finished_;  // steps of each scene
  int64_t total_ = 0;
  int64_t done_ = 0;
};

}  // namespace

void Describe(OptionsDescription& description, ReconstructOptions& options) {
  description.Add("colmap", options.colmap, "COLMAP's program: a name looked up in PATH, or a path");
  description
      .Add("max_image_size", options.max_image_size,
           "Features are looked for in photos of this longest side, pixels")
      .Range(64, 65536);
  description.Add("max_features", options.max_features, "Most features of a photo").Range(64, 1000000);
  description.Add("jobs", options.jobs, "Scenes worked on at a time; 0: as many as threads, at most 4")
      .Range(0, 256);
  description.Add("gpu", options.gpu, "Let COLMAP use a GPU");
}

std::vector<SceneOutcome> ReconstructScenes(const fs::path& photos, const fs::path& folder,
                                            const ReconstructOptions& options, const RunContext& context) {
  const std::vector<Scene> scenes = FindScenes(photos);
  const ColmapProgram colmap(options.colmap);
  const auto count = static_cast<int64_t>(scenes.size());
  const int threads = context.ThreadCount();
  const int wanted = options.jobs > 0 ? options.jobs : std::min(4, threads);
  const auto jobs = static_cast<int>(std::min<int64_t>(wanted, count));
  const int threads_per_job = std::max(1, threads / jobs);
  std::vector<SceneOutcome> outcomes(scenes.size());
  LogInfo("COLMAP ", colmap.version(), ", ", count, count == 1 ? " scene" : " scenes");
  SceneProgress progress(scenes, context);
  ParallelFor(count, jobs, [&](int64_t index) {
    context.CheckCancelled();
    const auto i = static_cast<size_t>(index);
    const auto on_step = [&](int finished, const std::string& next) { progress.Show(i, finished, next); };
    outcomes[i] =
        SceneWork(scenes[i], folder / scenes[i].name, options, colmap, threads_per_job, on_step, context)
            .Run();
    progress.Show(i, SceneProgress::kSteps, outcomes[i].status);
  });
  return outcomes;
}

}  // namespace vantage
