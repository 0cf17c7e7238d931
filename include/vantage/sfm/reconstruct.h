// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "vantage/config/options_description.h"
#include "vantage/util/run_context.h"

namespace vantage {

struct ReconstructOptions {
  // COLMAP's program: a name looked up in PATH, or a path.
  std::string colmap = "colmap";
  // Features are looked for in photos reduced to this longest side, pixels.
  int max_image_size = 1600;
  // Most features of a photo.
  int max_features = 8192;
  // Scenes worked on at a time, each with its share of the threads; 0: as many as there are threads, at
  // most 4.
  int jobs = 0;
  // Let COLMAP use a GPU.
  bool gpu = false;
};
void Describe(OptionsDescription& description, ReconstructOptions& options);

// What became of a scene. A scene that gives no model is a normal outcome: its photos do not overlap enough.
struct SceneOutcome {
  std::string name;
  std::string status;  // "done", "no model", or "failed: why"
  int64_t photos = 0;
  int64_t models = 0;      // sub-models, each kept
  int64_t registered = 0;  // photos in any of them
  int64_t points = 0;
  double mean_reprojection_error = 0;  // pixels
  double mean_track_length = 0;
  double seconds = 0;     // of all calls that worked on it
  bool was_done = false;  // by an earlier call
};

// Runs COLMAP (feature extraction, exhaustive matching, mapping) headless on each sub-folder of `photos` that
// holds photos, or on `photos` itself where it has none. Writes to `folder`/SCENE: sparse/0, 1, ... (models),
// scene.json (where the photos are, what is finished, the outcome), database.db and colmap.log. Steps that
// are finished are skipped, so that an interrupted call is gone on with by calling again. Throws Error where
// there are no photos, or the program is missing; Interrupted when cancelled.
std::vector<SceneOutcome> ReconstructScenes(const std::filesystem::path& photos,
                                            const std::filesystem::path& folder,
                                            const ReconstructOptions& options,
                                            const RunContext& context = {});

}  // namespace vantage
