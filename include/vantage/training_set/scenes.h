// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "vantage/descriptors/descriptors.h"
#include "vantage/sfm/reconstruction.h"
#include "vantage/training_set/training_set.h"

namespace vantage {

// A sparse model and the folder of the photos that it names.
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

// Finds the scenes at or below a folder: COLMAP models, each in a folder of its own, or as SCENE/sparse/0, 1,
// ... as `vantage reconstruct` leaves them, or as hloc does, the largest in SCENE and the others in
// SCENE/models.
// - Links to folders are followed, and each folder is looked into once. Hidden folders are left out; folders
//   that cannot be read too, with a warning.
// - DIR/dense is left out if DIR/sparse has models (image_undistorter writes there), and so is a scene below
//   another one if more than half of its images have names of that one's: they are the same photos.
// - Photos are in `photos`/SCENE, `photos`/SCENE/images, `photos`/images or `photos`, whichever has the most
//   of them; if `photos` is empty, in the folder that SCENE/.vantage/scene.json names, or in SCENE/images.
// - The models of a pool (scene.json tells) are scenes of their own, POOL/0, POOL/1, ..., except those that
//   share a photo or, by POOL/database.db, a pair with at least `min_inliers` inliers: these are parts of one
//   scene.
// Throws Error if there is no model, or nothing tells where a scene's photos are.
std::vector<SceneModels> ReadScenes(const std::filesystem::path& folder, const std::filesystem::path& photos,
                                    std::optional<Split> split, int64_t min_inliers = 30);

// The registered photos of a scene that are there, as canonical paths, each once, sorted.
std::vector<std::filesystem::path> PhotosOf(const SceneModels& scene);

// Descriptors of photos by their paths.
struct PhotoDescriptors {
  std::map<std::filesystem::path, int64_t> row_of;
  DescriptorMatrix values;  // a row of zeros where a photo could not be described

  // Rows of unit length or zeros, N x D. Throws Error naming a photo that has none.
  DescriptorMatrix Rows(const std::vector<std::filesystem::path>& photos) const;
};

}  // namespace vantage
