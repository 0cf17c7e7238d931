// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "vantage/search/descriptors.h"
#include "vantage/sfm/reconstruction.h"
#include "vantage/tuples/training_set.h"

namespace vantage {

// A sparse model and where the photos lie that it names.
struct SparseModel {
  Reconstruction reconstruction;
  std::filesystem::path photo_folder;
};

// What shows one thing: sparse models, often one, several where structure-from-motion found separate parts.
struct SceneModels {
  std::string name;
  std::vector<SparseModel> models;
  std::optional<Split> split;  // nothing: drawn
};

// Finds the scenes below a folder: COLMAP models, each in a folder of its own, or as SCENE/sparse/0, 1, ...
// as `vantage reconstruct` leaves them, or as hloc does, the largest in SCENE and the others in SCENE/models.
// Photos lie in `photos`/SCENE or `photos` itself; where `photos` is empty, in the folder that
// SCENE/.vantage/scene.json names. The models of a pool (scene.json tells) are scenes of their own, POOL/0,
// POOL/1,
// ..., but for those that share a photo or, by POOL/database.db, a pair with at least `min_inliers` inliers:
// these are parts of one scene. Throws Error where there is no model, or a scene's photos are not found.
std::vector<SceneModels> ReadScenes(const std::filesystem::path& folder, const std::filesystem::path& photos,
                                    std::optional<Split> split, int64_t min_inliers = 30);

// The registered photos of a scene that are there, each once, sorted.
std::vector<std::filesystem::path> PhotosOf(const SceneModels& scene);

// Descriptors of photos by their paths.
struct PhotoDescriptors {
  std::map<std::filesystem::path, int64_t> row_of;
  DescriptorMatrix values;  // a row of zeros where a photo could not be described

  // Rows of unit length or zeros, N x D. Throws Error naming a photo that has none.
  DescriptorMatrix Rows(const std::vector<std::filesystem::path>& photos) const;
};

}  // namespace vantage
