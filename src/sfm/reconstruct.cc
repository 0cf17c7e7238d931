// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/colmap.h"

#include <algorithm>
#include <cmath>
#include <mutex>
#include <set>

#include "sfm/colmap_photos.h"
#include "sfm/scene_work.h"
#include "util/check.h"
#include "util/file.h"
#include "util/file_lock.h"
#include "util/index.h"
#include "util/log.h"
#include "util/parallel.h"
#include "util/rethrow.h"
#include "vantage/photos.h"
#include "vantage/run_context.h"

namespace vantage {
namespace {

namespace fs = std::filesystem;

std::vector<sfm::PhotoScene> FindScenes(const fs::path& photos, bool pool) {
  VANTAGE_CHECK(fs::is_directory(photos), photos.string(), ": no such folder");
  std::vector<sfm::PhotoScene> scenes;
  const std::string own_name = FolderName(photos);
  if (pool) {
    scenes.push_back({own_name, photos, sfm::PhotosForColmap(photos, ListPhotoFiles(photos))});
  } else {
    GroupedPhotos found = GroupPhotoFiles(photos);
    for (auto& [name, files] : found.groups) {
      const fs::path folder = photos / name;
      files = sfm::PhotosForColmap(folder, std::move(files));
      if (!files.empty()) scenes.push_back({name, folder, std::move(files)});
    }
    found.loose = sfm::PhotosForColmap(photos, std::move(found.loose));
    if (!found.loose.empty()) {
      if (!scenes.empty()) {
        VANTAGE_CHECK(found.groups.count(own_name) == 0, photos.string(), ": ", found.loose.size(),
                      " photos next to the sub-folders would be a scene named like the sub-folder ", own_name,
                      "; move them into a sub-folder");
        LogInfo(photos.string(), ": ", found.loose.size(), " photos next to the sub-folders are a scene, ",
                own_name);
      }
      scenes.push_back({own_name, photos, std::move(found.loose)});
    }
  }
  VANTAGE_CHECK(!scenes.empty() && !scenes.front().photos.empty(), photos.string(), ": no photo (",
                Join(PhotoExtensions(), ", "), ") in it or below it");
  return scenes;
}

// Sets the folder of each scene's masks: below `masks` as its photos are below `photos`.
void FindMasks(const fs::path& masks, const fs::path& photos, std::vector<sfm::PhotoScene>& scenes) {
  if (masks.empty()) return;
  VANTAGE_CHECK(fs::is_directory(masks), masks.string(), ": no such folder (--masks)");
  for (sfm::PhotoScene& scene : scenes) {
    const fs::path folder = (masks / scene.photo_folder.lexically_relative(photos)).lexically_normal();
    int64_t found = 0;
    for (const fs::path& photo : scene.photos)
      found += fs::exists(folder / (photo.string() + ".png")) ? 1 : 0;
    if (found > 0) scene.masks = folder;
    if (found < std::ssize(scene.photos)) {
      LogWarning(scene.name, ": ", std::ssize(scene.photos) - found, " of ", scene.photos.size(),
                 " photos have no mask in ", folder.string(), " (PHOTO.png, such as a.jpg.png)");
    }
  }
}

// The progress of scenes that run in parallel. Each photo counts once for each step.
class SceneProgress {
 public:
  SceneProgress(const std::vector<sfm::PhotoScene>& scenes, const RunContext& context)
      : scenes_(scenes), context_(context), done_(scenes.size()) {
    for (size_t i = 0; i < scenes.size(); ++i) total_ += Units(i, sfm::SceneWork::kSteps);
  }

  // steps: the steps of the scene that are done; may be a fraction.
  void Show(size_t scene, double steps, const std::string& what) {
    const std::scoped_lock lock(mutex_);
    const int64_t done = std::max(done_[scene], Units(scene, steps));
    sum_ += done - done_[scene];
    done_[scene] = done;
    context_.Report({"reconstructing", sum_, total_, StrCat(scenes_[scene].name, ": ", what)});
  }

 private:
  int64_t Units(size_t scene, double steps) const {
    return std::llround(steps * static_cast<double>(scenes_[scene].photos.size()));
  }

  const std::vector<sfm::PhotoScene>& scenes_;
  const RunContext& context_;
  std::mutex mutex_;
  std::vector<int64_t> done_;  // units done of each scene
  int64_t total_ = 0;
  int64_t sum_ = 0;
};

}  // namespace

void Declare(OptionsDescription& description, ReconstructOptions& options) {
  description.Add("colmap", options.colmap, "COLMAP's program: a name in PATH, or a path");
  description
      .Add("pool", options.pool,
           "Treat all photos as one unsorted pile; each model found in it becomes a scene")
      .Flag("unsorted");
  description
      .Add("matching", options.matching,
           "Pairs that are matched: exhaustive (all), sequential (video: each photo with those that follow "
           "it in its folder, f2 before f10), proposed (by --pairs-from), auto (exhaustive for few photos, "
           "else proposed)")
      .OneOf({"auto", "exhaustive", "sequential", "proposed"});
  description
      .Add("exhaustive_limit", options.exhaustive_limit,
           "Most photos of a scene that auto matches exhaustively")
      .AtLeast(0);
  description
      .Add("sequential_overlap", options.sequential_overlap,
           "sequential: number of following photos that each photo is matched with; some farther ones are "
           "matched too")
      .Range(1, 30);
  description
      .Add("max_image_size", options.max_image_size,
           "Longest side that photos are reduced to for features, pixels")
      .Range(64, 65536);
  description.Add("max_features", options.max_features, "Most features of a photo").Range(64, 1000000);
  description.Add("min_model_size", options.min_model_size, "Fewest photos of a model that is kept")
      .Range(2, 1000000);
  description.Add(
      "masks", options.masks,
      "Folder of masks: black pixels of PHOTO.png (a.jpg.png, in the same sub-folder) get no features");
  description.Add("camera_model", options.camera_model,
                  "COLMAP's camera model, such as OPENCV or PINHOLE; default: COLMAP's own");
  description.Add("camera_per_folder", options.camera_per_folder,
                  "Photos of one folder have one camera, which they share");
  description.Add("time_limit", options.time_limit, "Most minutes for a scene in one call; 0: no limit")
      .AtLeast(0);
  description.Add("jobs", options.jobs, "Scenes in parallel; 0: as many as threads, at most 4").Range(0, 256);
  description.Add("gpu", options.gpu, "Let COLMAP use a GPU");
}

std::vector<SceneOutcome> ReconstructScenes(const fs::path& photos, const fs::path& folder,
                                            const ReconstructOptions& options, const RunContext& context,
                                            const PairProposer& proposer) try {
  CheckOptions(options);
  if (options.matching == "proposed" && !proposer.propose) {
    throw UsageError("matching proposed pairs needs a model that proposes them (--pairs-from)");
  }
  if (!options.camera_model.empty()) CameraModelByName(options.camera_model, "--camera-model");
  sfm::ParseColmapOptions(options.colmap_options);
  std::vector<sfm::PhotoScene> scenes = FindScenes(photos, options.pool);
  FindMasks(options.masks, photos, scenes);
  const sfm::ColmapProgram colmap(options.colmap);
  const FileLock lock(folder / ".lock", "another run reconstructs into this folder");
  const auto count = std::ssize(scenes);
  const int threads = context.ThreadCount();
  const int wanted = options.jobs > 0 ? options.jobs : std::min(4, threads);
  const auto jobs = static_cast<int>(std::min<int64_t>(wanted, count));
  const int threads_per_job = std::max(1, threads / jobs);
  std::vector<SceneOutcome> outcomes(scenes.size());
  LogInfo("COLMAP ", colmap.version(), ", ", count, count == 1 ? " scene" : " scenes");
  SceneProgress progress(scenes, context);
  std::vector<sfm::SceneWork> work;
  std::set<std::string> lacking;
  for (size_t i = 0; i < scenes.size(); ++i) {
    const auto on_step = [&progress, i](double done, const std::string& what) {
      progress.Show(i, done, what);
    };
    work.emplace_back(scenes[i], folder / scenes[i].name, options, proposer, colmap, threads_per_job, on_step,
                      context);
    lacking.merge(work.back().LackingOptions());
  }
  for (const std::string& words : lacking) LogWarning(words);
  ParallelFor(count, jobs, [&](int64_t index) {
    context.CheckCancelled();
    const auto i = ToIndex(index);
    outcomes[i] = work[i].Run();
    progress.Show(i, sfm::SceneWork::kSteps, outcomes[i].status);
  });
  return outcomes;
} catch (...) {
  RethrowAsError();
}

}  // namespace vantage
