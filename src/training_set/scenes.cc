// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/training_set.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <system_error>
#include <utility>

#include "serialize/json.h"
#include "training_set/disjoint_sets.h"
#include "training_set/photo_files.h"
#include "util/check.h"
#include "util/file.h"
#include "util/index.h"
#include "util/log.h"
#include "util/rethrow.h"
#include "vantage/colmap.h"
#include "vantage/run_context.h"

namespace vantage {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// Folders of models at or below `folder`, relative to it, sorted. Follows links to folders, and reads each
// folder once, by its own path rather than a link's. Skips hidden folders.
std::vector<fs::path> FindModels(const fs::path& folder) {
  VANTAGE_CHECK(fs::is_directory(folder), folder.string(), ": no such folder");
  std::vector<fs::path> models;
  std::set<std::pair<dev_t, ino_t>> seen;
  std::set<fs::path> folders = {folder};
  std::set<fs::path> links;
  while (!folders.empty() || !links.empty()) {
    std::set<fs::path>& next = folders.empty() ? links : folders;
    const fs::path current = *next.begin();
    next.erase(next.begin());
    struct stat status {};
    if (::stat(current.c_str(), &status) != 0) continue;  // removed meanwhile
    if (!seen.emplace(status.st_dev, status.st_ino).second) continue;
    std::error_code error;
    if (::faccessat(AT_FDCWD, current.c_str(), R_OK | X_OK, AT_EACCESS) != 0) {
      error = {errno, std::generic_category()};
    }
    fs::directory_iterator entry;
    if (!error) entry = fs::directory_iterator(current, error);
    if (!error && IsColmapModel(current)) {
      models.push_back(current == folder ? fs::path(".") : current.lexically_relative(folder));
    }
    for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
      std::error_code of_entry;
      const std::string name = entry->path().filename().string();
      if (name[0] == '.' || !entry->is_directory(of_entry)) continue;
      (entry->is_symlink(of_entry) ? links : folders).insert(current / name);
    }
    if (error) LogWarning(current.string(), ": the folder is left out: ", error.message());
  }
  std::sort(models.begin(), models.end());
  return models;
}

bool IsNumber(const fs::path& name) {
  const std::string text = name.string();
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// SCENE for SCENE/sparse/0, SCENE/sparse, SCENE/models/0 or SCENE.
fs::path SceneOf(fs::path model) {
  const auto above = model.parent_path().filename();
  if (IsNumber(model.filename()) && (above == "sparse" || above == "models")) {
    model = model.parent_path().parent_path();
  } else if (model.filename() == "sparse") {
    model = model.parent_path();
  }
  return model.empty() ? "." : model;
}

// The folder that scene names are relative to: `folder`, or SCENE if it is SCENE/sparse or SCENE/sparse/0.
fs::path RootOf(const fs::path& folder) {
  fs::path root = fs::absolute(folder).lexically_normal();
  if (!root.has_filename()) root = root.parent_path();
  const bool is_model = IsNumber(root.filename()) && root.parent_path().filename() == "sparse";
  return is_model || root.filename() == "sparse" ? fs::path(SceneOf(root)) : root;
}

// Drops the models in DIR/dense if DIR/sparse has models: image_undistorter wrote the same photos there
// again.
std::vector<fs::path> WithoutDense(const std::vector<fs::path>& models, const fs::path& folder) {
  std::set<fs::path> folders;  // of models, and all their parents
  for (const fs::path& model : models) {
    for (fs::path above = model; !above.empty(); above = above.parent_path()) folders.insert(above);
  }
  std::vector<fs::path> kept;
  std::set<fs::path> left_out;
  for (const fs::path& model : models) {
    fs::path dense;
    fs::path above;
    for (const fs::path& part : model) {
      if (dense.empty() && part == "dense" && folders.count(above / "sparse") > 0) dense = above / part;
      above /= part;
    }
    if (dense.empty()) {
      kept.push_back(model);
    } else if (left_out.insert(dense).second) {
      LogInfo((folder / dense).string(), ": is left out: sparse/ next to it has the models of its photos");
    }
  }
  return kept;
}

// The note of `vantage reconstruct` about a scene; null if there is none.
json ReadNote(const fs::path& scene_folder) {
  const fs::path path = scene_folder / ".vantage/scene.json";
  if (!fs::is_regular_file(path)) return {};
  const json note = serialize::ParseJson(ReadFile(path), path.string());
  VANTAGE_CHECK(note.is_object() && note.contains("photos") && note["photos"].is_string() &&
                    (!note.contains("pool") || note["pool"].is_boolean()),
                path.string(), ": does not state where the photos are ('photos')");
  return note;
}

// Folders that may hold a scene's photos, the likeliest first. scene: its folder relative to the searched
// one, or its name.
std::vector<fs::path> PossiblePhotoFolders(const fs::path& scene_folder, const json& note,
                                           const fs::path& scene, const fs::path& photos) {
  std::vector<fs::path> folders;
  if (!photos.empty()) {
    VANTAGE_CHECK(fs::is_directory(photos), photos.string(), ": no such folder");
    folders = {photos / scene, photos / scene / "images", photos / "images", photos};
  } else {
    if (!note.is_null()) folders.push_back(scene_folder / fs::path(note.at("photos").get<std::string>()));
    folders.push_back(scene_folder / "images");
  }
  const fs::path first = folders.front();
  std::error_code error;
  std::erase_if(folders, [&](const fs::path& folder) { return !fs::is_directory(folder, error); });
  if (folders.empty()) {
    VANTAGE_CHECK(!note.is_null(), scene_folder.string(),
                  ": there is neither a .vantage/scene.json, which states where the photos are, nor a folder "
                  "images; name their folder (--photos)");
    folders.push_back(first);  // the report of missing photos names this folder
  }
  return folders;
}

// The folder that has most of the scene's photos; the first of equally good ones.
fs::path BestPhotoFolder(const SceneModels& scene, const std::vector<fs::path>& folders) {
  if (folders.size() == 1) return folders[0];
  fs::path best;
  int64_t most = -1;
  for (const fs::path& folder : folders) {
    training_set::PhotoFiles files;
    int64_t found = 0;
    int64_t all = 0;
    for (const SparseModel& model : scene.models) {
      for (const auto& [id, image] : model.reconstruction.images) {
        ++all;
        found += files.Find(folder / image.name).empty() ? 0 : 1;
      }
    }
    if (found > most) {
      best = folder;
      most = found;
    }
    if (found == all) break;
  }
  return best;
}

std::set<std::string> ImageNames(const SceneModels& scene) {
  std::set<std::string> names;
  for (const SparseModel& model : scene.models) {
    for (const auto& [id, image] : model.reconstruction.images) names.insert(image.name);
  }
  return names;
}

// Whether the scenes share more than half of the image names of the smaller one.
bool HaveMostlyTheSameNames(const SceneModels& a, const SceneModels& b) {
  const std::set<std::string> of_a = ImageNames(a);
  const std::set<std::string> of_b = ImageNames(b);
  const auto shared =
      std::count_if(of_a.begin(), of_a.end(), [&](const auto& name) { return of_b.count(name) > 0; });
  return 2 * ToIndex(shared) > std::min(of_a.size(), of_b.size());
}

struct FoundScene {
  SceneModels scene;
  std::vector<fs::path> photo_folders;
  bool is_pool = false;
  bool is_reconstructed = false;  // by vantage, whose scenes do not repeat each other
};

// Drops scenes inside another scene's folder that have mostly the same image names. A workspace may hold
// models of its photos twice, for example of undistorted copies.
std::map<fs::path, FoundScene> WithoutRepeated(std::map<fs::path, FoundScene> scenes) {
  for (auto inner = scenes.begin(); inner != scenes.end();) {
    auto outer = scenes.end();
    for (fs::path above = inner->first; outer == scenes.end() && above != ".";) {
      above = above.has_parent_path() ? above.parent_path() : fs::path(".");
      outer = scenes.find(above);
    }
    if (outer != scenes.end() && !inner->second.is_reconstructed &&
        HaveMostlyTheSameNames(outer->second.scene, inner->second.scene)) {
      LogWarning("the scene ", inner->second.scene.name, " is left out: the scene ", outer->second.scene.name,
                 " around it has most of its photos' names");
      inner = scenes.erase(inner);
    } else {
      ++inner;
    }
  }
  return scenes;
}

// Splits the models of an unsorted pile into scenes. Models with common or matching photos are one scene.
std::vector<SceneModels> SplitPool(SceneModels pool, const fs::path& database, int64_t min_inliers) {
  training_set::DisjointSets groups(pool.models.size());
  std::map<std::string, size_t> model_of;
  for (size_t m = 0; m < pool.models.size(); ++m) {
    for (const auto& [id, image] : pool.models[m].reconstruction.images) {
      const auto [entry, is_new] = model_of.emplace(image.name, m);
      if (!is_new) groups.Join(entry->second, m);
    }
  }
  if (fs::is_regular_file(database)) {
    for (const VerifiedPair& pair : ReadVerifiedPairs(database)) {
      const auto a = model_of.find(pair.image_a);
      const auto b = model_of.find(pair.image_b);
      if (pair.inliers < min_inliers || a == model_of.end() || b == model_of.end()) continue;
      groups.Join(a->second, b->second);
    }
  }
  std::map<size_t, SceneModels> scenes;
  for (size_t m = 0; m < pool.models.size(); ++m) {
    SceneModels& scene = scenes[groups.Find(m)];
    if (scene.models.empty()) scene.name = StrCat(pool.name, "/", m);
    scene.split = pool.split;
    scene.models.push_back(std::move(pool.models[m]));
  }
  std::vector<SceneModels> result;
  for (auto& [first, scene] : scenes) result.push_back(std::move(scene));
  return result;
}

}  // namespace

std::vector<SceneModels> ReadScenes(const fs::path& folder, const fs::path& photos,
                                    std::optional<Split> split, int64_t min_inliers) try {
  const fs::path root = RootOf(folder);
  std::map<fs::path, FoundScene> scenes;
  for (const fs::path& model : WithoutDense(FindModels(folder), folder)) {
    const fs::path absolute = (fs::absolute(folder) / model).lexically_normal();
    const fs::path scene =
        SceneOf((absolute.has_filename() ? absolute : absolute.parent_path()).lexically_relative(root));
    FoundScene& entry = scenes[scene];
    if (entry.scene.models.empty()) {
      const fs::path name = scene == "." ? root.filename() : scene;
      entry.scene.name = name.generic_string();
      entry.scene.split = split;
      const json note = ReadNote(root / scene);
      entry.photo_folders = PossiblePhotoFolders(root / scene, note, name, photos);
      entry.is_reconstructed = note.is_object();
      entry.is_pool = note.is_object() && note.value("pool", false);
    }
    entry.scene.models.push_back({ReadColmapModel(folder / model), {}});
  }
  VANTAGE_CHECK(!scenes.empty(), folder.string(),
                ": no COLMAP model in it or below it (cameras, images and points3D as .bin or .txt)");
  std::vector<SceneModels> result;
  for (auto& [path, found] : WithoutRepeated(std::move(scenes))) {
    const fs::path photo_folder = BestPhotoFolder(found.scene, found.photo_folders);
    for (SparseModel& model : found.scene.models) model.photo_folder = photo_folder;
    if (!found.is_pool) {
      result.push_back(std::move(found.scene));
      continue;
    }
    for (SceneModels& scene : SplitPool(std::move(found.scene), root / path / "database.db", min_inliers)) {
      result.push_back(std::move(scene));
    }
  }
  return result;
} catch (...) {
  RethrowAsError();
}

std::vector<fs::path> PhotosOf(const SceneModels& scene) {
  std::set<fs::path> photos;
  training_set::PhotoFiles files;
  for (const SparseModel& model : scene.models) {
    for (const auto& [id, image] : model.reconstruction.images) {
      fs::path path = files.Find(model.photo_folder / image.name);
      if (!path.empty()) photos.insert(std::move(path));
    }
  }
  return {photos.begin(), photos.end()};
}

DescriptorMatrix PhotoDescriptors::Rows(const std::vector<fs::path>& photos) const {
  DescriptorMatrix rows(static_cast<Eigen::Index>(photos.size()), values.cols());
  for (size_t i = 0; i < photos.size(); ++i) {
    const auto row = row_of.find(photos[i]);
    VANTAGE_CHECK(row != row_of.end(), photos[i].string(), ": has no descriptor");
    rows.row(static_cast<Eigen::Index>(i)) = values.row(row->second);
  }
  return rows;
}

}  // namespace vantage
