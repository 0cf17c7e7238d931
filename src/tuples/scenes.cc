// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/tuples/scenes.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "tuples/disjoint_sets.h"
#include "vantage/serialize/json.h"
#include "vantage/sfm/colmap_database.h"
#include "vantage/sfm/colmap_model.h"
#include "vantage/util/error.h"
#include "vantage/util/file.h"

namespace vantage {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// Folders of models at or below `folder`, relative to it, sorted.
std::vector<fs::path> FindModels(const fs::path& folder) {
  VANTAGE_CHECK(fs::is_directory(folder), folder.string(), ": no such folder");
  std::vector<fs::path> models;
  if (IsColmapModel(folder)) models.emplace_back(".");
  for (fs::recursive_directory_iterator entry(folder), end; entry != end; ++entry) {
    if (!entry->is_directory()) continue;
    // `vantage reconstruct` keeps models that are not complete in .vantage.
    if (entry->path().filename() == ".vantage") {
      entry.disable_recursion_pending();
    } else if (IsColmapModel(entry->path())) {
      models.push_back(entry->path().lexically_relative(folder));
    }
  }
  std::sort(models.begin(), models.end());
  return models;
}

// SCENE of SCENE/sparse/0, SCENE/sparse, SCENE/models/0 or SCENE.
fs::path SceneOf(fs::path model) {
  const auto is_number = [](const std::string& name) {
    return !name.empty() &&
           std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; });
  };
  const auto above = model.parent_path().filename();
  if (is_number(model.filename().string()) && (above == "sparse" || above == "models")) {
    model = model.parent_path().parent_path();
  } else if (model.filename() == "sparse") {
    model = model.parent_path();
  }
  return model.empty() ? "." : model;
}

// What `vantage reconstruct` noted of a scene; null where there is nothing.
json ReadNote(const fs::path& scene_folder) {
  const fs::path path = scene_folder / ".vantage/scene.json";
  if (!fs::is_regular_file(path)) return {};
  const json note = ParseJson(ReadFile(path), path.string());
  VANTAGE_CHECK(note.is_object() && note.contains("photos") && note["photos"].is_string() &&
                    (!note.contains("pool") || note["pool"].is_boolean()),
                path.string(), ": does not say where the photos are ('photos')");
  return note;
}

fs::path PhotoFolder(const fs::path& scene_folder, const json& note, const fs::path& scene,
                     const fs::path& photos) {
  if (photos.empty()) {
    VANTAGE_CHECK(!note.is_null(), scene_folder.string(),
                  ": no .vantage/scene.json tells where its photos are; name their folder (--photos)");
    return scene_folder / fs::path(note.at("photos").get<std::string>());
  }
  const fs::path own = photos / scene;
  if (fs::is_directory(own)) return own;
  VANTAGE_CHECK(fs::is_directory(photos), photos.string(), ": no such folder");
  return photos;
}

// The models of an unsorted pile as scenes: those that see the same thing together.
std::vector<SceneModels> SplitPool(SceneModels pool, const fs::path& database, int64_t min_inliers) {
  DisjointSets groups(pool.models.size());
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
                                    std::optional<Split> split, int64_t min_inliers) {
  struct Found {
    SceneModels scene;
    fs::path photo_folder;
    bool is_pool = false;
  };
  std::map<fs::path, Found> scenes;
  for (const fs::path& model : FindModels(folder)) {
    const fs::path scene = SceneOf(model);
    Found& entry = scenes[scene];
    if (entry.scene.models.empty()) {
      const fs::path named = scene == "." ? fs::absolute(folder).lexically_normal() : scene;
      entry.scene.name = (named.has_filename() ? named : named.parent_path()).filename().string();
      if (scene != "." && scene.has_parent_path()) entry.scene.name = scene.generic_string();
      entry.scene.split = split;
      const json note = ReadNote(folder / scene);
      entry.photo_folder = PhotoFolder(folder / scene, note, scene, photos);
      entry.is_pool = note.is_object() && note.value("pool", false);
    }
    entry.scene.models.push_back({ReadColmapModel(folder / model), entry.photo_folder});
  }
  VANTAGE_CHECK(!scenes.empty(), folder.string(),
                ": no COLMAP model in it or below it (cameras, images and points3D as .bin or .txt)");
  std::vector<SceneModels> result;
  for (auto& [path, found] : scenes) {
    if (!found.is_pool) {
      result.push_back(std::move(found.scene));
      continue;
    }
    for (SceneModels& scene : SplitPool(std::move(found.scene), folder / path / "database.db", min_inliers)) {
      result.push_back(std::move(scene));
    }
  }
  return result;
}

std::vector<fs::path> PhotosOf(const SceneModels& scene) {
  std::set<fs::path> photos;
  for (const SparseModel& model : scene.models) {
    for (const auto& [id, image] : model.reconstruction.images) {
      fs::path path = model.photo_folder / image.name;
      if (fs::is_regular_file(path)) photos.insert(std::move(path));
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
