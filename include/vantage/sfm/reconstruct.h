// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "vantage/config/options_description.h"
#include "vantage/util/run_context.h"

namespace vantage {

struct ReconstructOptions {
  // COLMAP's program: a name looked up in PATH, or a path.
  std::string colmap = "colmap";
  // All photos below the folder are one unsorted pile, of which each model found is a scene of its own. Else
  // each sub-folder is a scene.
  bool pool = false;
  // Which pairs of a scene's photos are matched. "exhaustive": all; "sequential": each with those that follow
  // it in its folder, in the natural order of names (f2 before f10), for video; "proposed": those that a
  // PairProposer names; "auto": all where there are at most `exhaustive_limit` photos or no proposer, else
  // the proposed ones.
  std::string matching = "auto";
  // Most photos that "auto" matches exhaustively.
  int exhaustive_limit = 200;
  // "sequential": each photo is matched with so many that follow it, and with those that follow at 1, 2, 4,
  // ... up to 2^(this - 1) photos. With a proposer its pairs are matched too, which closes loops.
  int sequential_overlap = 10;
  // Features are looked for in photos reduced to this longest side, pixels.
  int max_image_size = 1600;
  // Most features of a photo.
  int max_features = 8192;
  // Models with fewer photos are not kept.
  int min_model_size = 3;
  // Most minutes that a scene may take in one call; what is finished by then stays. 0: no limit.
  double time_limit = 0;
  // Scenes worked on at a time, each with its share of the threads; 0: as many as there are threads, at
  // most 4.
  int jobs = 0;
  // Let COLMAP use a GPU.
  bool gpu = false;
};
void Declare(OptionsDescription& description, ReconstructOptions& options);

// Two photos by their places in a list, the smaller first.
using PhotoPair = std::pair<int64_t, int64_t>;

// Names pairs of photos that may see the same thing. An empty function: there is no proposer.
struct PairProposer {
  // May be called from several threads. Pairs may repeat.
  std::function<std::vector<PhotoPair>(const std::vector<std::filesystem::path>& photos,
                                       const RunContext& context)>
      propose;
  // What the pairs depend on, such as the model and the number of neighbours: where it has changed, a scene
  // that was done with it is done again.
  std::string fingerprint;
};

// What became of a scene. A scene that gives no model is a normal outcome: its photos do not overlap enough.
struct SceneOutcome {
  std::string name;
  std::string status;  // "done", "no model", or "failed: why"
  int64_t photos = 0;
  int64_t matched_pairs = 0;   // of photos
  int64_t verified_pairs = 0;  // of these, pairs whose matches fit one geometry
  int64_t models = 0;          // sub-models, each kept
  int64_t registered = 0;      // photos in any of them
  int64_t points = 0;
  double mean_reprojection_error = 0;  // pixels
  double mean_track_length = 0;
  double seconds = 0;     // of all calls that worked on it
  bool was_done = false;  // by an earlier call
  // This call gives no model, and the finished one of an earlier call, of other photos or options, is still
  // there.
  bool earlier_model_stays = false;
};

// Runs COLMAP (feature extraction, matching, mapping) headless on each sub-folder of `photos` that holds
// photos, or on `photos` itself where it has none or is a pool. Writes to `folder`/SCENE: sparse/0, 1, ...
// (models), database.db, and in .vantage/ below it scene.json (where the photos are, what is finished, the
// outcome), photos.txt, pairs.txt and colmap.log. COLMAP's files that are there already and that scene.json
// does not tell of are never changed: the scene is refused. Steps that are finished are skipped, so that an
// interrupted call is resumed by calling again. A finished model stays until another is complete; where
// photos were added, the database is extended. Throws Error where there are no photos, the program
// is missing, or another process writes to `folder`; UsageError where pairs are to be proposed and nothing
// proposes any; Interrupted when cancelled.
std::vector<SceneOutcome> ReconstructScenes(const std::filesystem::path& photos,
                                            const std::filesystem::path& folder,
                                            const ReconstructOptions& options, const RunContext& context = {},
                                            const PairProposer& proposer = {});

}  // namespace vantage
