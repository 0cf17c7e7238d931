// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "vantage/sfm/colmap_model.h"
#include "vantage/tuples/build.h"
#include "vantage/util/error.h"
#include "vantage/util/file.h"

namespace vantage {
namespace {

namespace fs = std::filesystem;

// Folders of models at or below `folder`, relative to it, sorted.
std::vector<fs::path> FindModels(const fs::path& folder) {
  VANTAGE_CHECK(fs::is_directory(folder), folder.string(), ": no such folder");
  std::vector<fs::path> models;
  if (IsColmapModel(folder)) models.emplace_back(".");
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_directory() && IsColmapModel(entry.path())) {
      models.push_back(entry.path().lexically_relative(folder));
    }
  }
  std::sort(models.begin(), models.end());
  return models;
}

// SCENE of SCENE/sparse/0, SCENE/sparse or SCENE.
fs::path SceneOf(fs::path model) {
  const auto is_number = [](const std::string& name) {
    return !name.empty() &&
           std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; });
  };
  if (is_number(model.filename().string()) && model.parent_path().filename() == "sparse")
    model = model.parent_path();
  if (model.filename() == "sparse") model = model.parent_path();
  return model.empty() ? "." : model;
}

fs::path PhotoFolder(const fs::path& scene_folder, const fs::path& scene, const fs::path& photos) {
  if (photos.empty()) {
    const fs::path path = scene_folder / "scene.json";
    VANTAGE_CHECK(fs::is_regular_file(path), scene_folder.string(),
                  ": no scene.json tells where its photos are; name their folder (--photos)");
    try {
      return scene_folder / fs::path(nlohmann::json::parse(ReadFile(path)).at("photos").get<std::string>());
    } catch (const nlohmann::json::exception& error) {
      throw Error(StrCat(path.string(), ": ", error.what()));
    }
  }
  const fs::path own = photos / scene;
  if (fs::is_directory(own)) return own;
  VANTAGE_CHECK(fs::is_directory(photos), photos.string(), ": no such folder");
  return photos;
}

}  // namespace

std::vector<SceneModels> ReadScenes(const fs::path& folder, const fs::path& photos,
                                    std::optional<Split> split) {
  std::map<fs::path, SceneModels> scenes;
  for (const fs::path& model : FindModels(folder)) {
    const fs::path scene = SceneOf(model);
    SceneModels& entry = scenes[scene];
    if (entry.models.empty()) {
      const fs::path named = scene == "." ? fs::absolute(folder).lexically_normal() : scene;
      entry.name = (named.has_filename() ? named : named.parent_path()).filename().string();
      if (scene != "." && scene.has_parent_path()) entry.name = scene.generic_string();
      entry.photo_folder = PhotoFolder(folder / scene, scene, photos);
      entry.split = split;
    }
    entry.models.push_back(ReadColmapModel(folder / model));
  }
  VANTAGE_CHECK(!scenes.empty(), folder.string(),
                ": no COLMAP model in it or below it (cameras, images and points3D as .bin or .txt)");
  std::vector<SceneModels> result;
  for (auto& [path, scene] : scenes) result.push_back(std::move(scene));
  return result;
}

}  // namespace vantage
