// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <mutex>

#include "synthetic/synthetic.h"
#include "util/check.h"
#include "util/file.h"
#include "util/file_lock.h"
#include "util/index.h"
#include "util/parallel.h"
#include "util/random.h"
#include "util/rethrow.h"
#include "util/string.h"
#include "vantage/colmap.h"

namespace vantage::synthetic {
namespace {

namespace fs = std::filesystem;

// A landmark of the dataset, or a distractor, which has one photo.
struct Task {
  std::string split;
  std::string name;
  bool is_distractor = false;
  SyntheticSceneOptions options;
};

class DatasetWriter {
 public:
  DatasetWriter(const SyntheticOptions& options, fs::path folder, const RunContext& context)
      : options_(options), folder_(std::move(folder)), partial_(folder_ / ".partial"), context_(context) {}

  SyntheticSummary Run() {
    CheckRanges();
    const FileLock lock(folder_ / ".lock", "another run synthesizes into this folder");
    CheckFolder();
    const std::vector<Task> tasks = PlanTasks();
    SyntheticSummary summary;
    std::vector<const Task*> missing;
    for (const Task& task : tasks) {
      summary.scenes += task.is_distractor ? 0 : 1;
      summary.photos += task.options.photos;
      if (IsDone(task)) continue;
      missing.push_back(&task);
      summary.written += task.options.photos;
    }
    done_ = summary.photos - summary.written;
    total_ = summary.photos;
    // Files of an interrupted run.
    fs::remove_all(partial_);
    for (const fs::path& files : {folder_, DistractorFolder()}) RemoveAbandonedFilesIn(files);
    ParallelFor(std::ssize(missing), context_.ThreadCount(), [&](int64_t i) { Make(*missing[ToIndex(i)]); });
    fs::remove_all(partial_);
    return summary;
  }

 private:
  // Throws UsageError if an option is out of range.
  void CheckRanges() const {
    SyntheticOptions options = options_;
    OptionsDescription description;
    Declare(description, options);
    CheckOptions(description);
  }

  // Throws Error if the folder holds scenes of other options.
  void CheckFolder() const {
    const auto text = [](SyntheticOptions options, bool with_comments) {
      OptionsDescription description;
      Declare(description, options);
      return ToToml(description, with_comments);
    };
    const fs::path path = folder_ / "synthetic.toml";
    if (!fs::exists(path)) return WriteFile(path, text(options_, /*with_comments=*/true));
    SyntheticOptions held;
    OptionsDescription description;
    Declare(description, held);
    ReadToml(description, ReadFile(path), path.string());
    VANTAGE_CHECK(text(held, /*with_comments=*/false) == text(options_, /*with_comments=*/false),
                  path.string(),
                  ": holds other options than those asked for; choose another folder, or remove this one");
  }

  std::vector<Task> PlanTasks() const {
    std::vector<Task> tasks;
    const auto plan = [&](const std::string& split, int count, int photos,
                          const SyntheticViewOptions& views) {
      // Styles take turns, so that each is about as common as any other.
      RandomStream random(static_cast<uint64_t>(options_.seed), "synthetic " + split);
      const std::vector<int64_t> styles = random.Sample(options_.styles, options_.styles);
      for (int i = 0; i < count; ++i) {
        Task task;
        task.split = split;
        task.is_distractor = split == "distractors";
        task.options.seed = static_cast<int64_t>(random.Next() >> 1);
        task.options.style = static_cast<int>(styles[ToIndex(i) % styles.size()]);
        task.options.photos = photos;
        task.options.image_size = options_.image_size;
        if (task.is_distractor) task.options.points_per_photo = 0;
        task.options.views = views;
        task.name = task.is_distractor ? FormatPadded(i, 4) + ".jpg"
                                       : FormatPadded(i, 3) + "-" + SyntheticStyleName(task.options.style);
        tasks.push_back(std::move(task));
      }
    };
    plan("train", options_.train_scenes, options_.scene_photos, options_.views);
    plan("val", options_.val_scenes, options_.scene_photos, options_.views);
    plan("test", options_.test_scenes, options_.test_photos, options_.test_views);
    plan("distractors", options_.distractors, 1, options_.test_views);
    return tasks;
  }

  fs::path PhotosOf(const Task& task) const { return folder_ / task.split / "photos" / task.name; }
  fs::path ModelOf(const Task& task) const { return folder_ / task.split / "models" / task.name; }
  fs::path DistractorFolder() const { return folder_ / "test" / "distractors"; }
  fs::path DistractorPath(const Task& task) const { return DistractorFolder() / task.name; }

  // A landmark is complete if it has a model, which is moved into place last.
  bool IsDone(const Task& task) const {
    if (task.is_distractor) return fs::exists(DistractorPath(task));
    return fs::exists(PhotosOf(task)) && fs::exists(ModelOf(task));
  }

  void Make(const Task& task) {
    context_.CheckCancelled();
    const SyntheticScene scene = MakeSyntheticScene(task.options, context_);
    if (task.is_distractor) {
      const SyntheticPhoto& photo = scene.photos.front();
      WriteFile(DistractorPath(task), EncodeSyntheticPhoto(photo));
    } else {
      WriteScene(task, scene);
    }
    const std::scoped_lock lock(mutex_);
    done_ += task.options.photos;
    context_.Report({"rendering", done_, total_, ""});
  }

  void WriteScene(const Task& task, const SyntheticScene& scene) const {
    const fs::path photos = partial_ / task.split / "photos" / task.name;
    const fs::path model = partial_ / task.split / "models" / task.name;
    for (const SyntheticPhoto& photo : scene.photos) {
      WriteFile(photos / photo.name, EncodeSyntheticPhoto(photo));
    }
    WriteColmapModel(scene.truth, model, ModelFormat::kBinary);
    Replace(photos, PhotosOf(task));
    Replace(model, ModelOf(task));
  }

  static void Replace(const fs::path& from, const fs::path& to) {
    fs::remove_all(to);
    fs::create_directories(to.parent_path());
    fs::rename(from, to);
  }

  const SyntheticOptions& options_;
  const fs::path folder_;
  const fs::path partial_;
  const RunContext& context_;
  std::mutex mutex_;  // guards done_ and the reports
  int64_t done_ = 0;
  int64_t total_ = 0;
};

}  // namespace

SyntheticSummary SynthesizeDataset(const SyntheticOptions& options, const fs::path& folder,
                                   const RunContext& context) try {
  return DatasetWriter(options, folder, context).Run();
} catch (...) {
  RethrowAsError();
}

}  // namespace vantage::synthetic
