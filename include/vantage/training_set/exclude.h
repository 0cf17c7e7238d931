// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "vantage/config/options_description.h"
#include "vantage/features/geometric_match.h"
#include "vantage/features/local_features.h"
#include "vantage/training_set/scenes.h"
#include "vantage/util/run_context.h"

namespace vantage {

struct ExcludeOptions {
  // Scenes that show the same thing: "merge" them, "drop" all but the one with the most photos, or "keep"
  // them apart without looking. Kept apart, photos of one thing become each other's negatives.
  std::string overlapping = "merge";
  // With descriptors: each scene is compared with so many others whose photos are nearest to its own.
  int compared_scenes = 10;
  // And so many of the nearest pairs of photos are compared by their local features.
  int compared_pairs = 3;
  // With descriptors: so many of the nearest pairs of a scene's and the test photos are compared.
  int compared_test_pairs = 20;
  FeatureOptions features;
  MatchOptions match;
};
void Declare(OptionsDescription& description, ExcludeOptions& options);

// Why scenes were merged or left out.
struct SceneChange {
  std::string scene;
  std::string change;  // "left out", "merged into castle"
  std::string why;     // "castle/3.jpg and castle_entry/0.jpg have 154 features in common"
};

struct ScenesAndChanges {
  std::vector<SceneModels> scenes;
  std::vector<SceneChange> changes;
  std::vector<std::string> unmet;  // exclusions by which no scene was left out
};

// Leaves out scenes that are named in the list; names are compared without regard to case, and to '_', '-'
// and spaces. A scene POOL/NAME, or of photos in a folder NAME, is meant by NAME too.
ScenesAndChanges ExcludeNames(std::vector<SceneModels> scenes, const std::vector<std::string>& names);

// Photos that are tested on, such as a folder's, and the name of all together.
struct TestPhotos {
  std::string name;
  std::vector<std::filesystem::path> photos;
};

// Leaves out scenes with a photo of a test set: the same bytes, or, with descriptors (of all photos of scenes
// and tests), a photo near to one whose local features fit one geometry with the test photo's (TPAMI 2019,
// section 4.1, leaves such clusters out by hand).
ScenesAndChanges ExcludeTestPhotos(std::vector<SceneModels> scenes, const std::vector<TestPhotos>& tests,
                                   const PhotoDescriptors* descriptors, const ExcludeOptions& options,
                                   const RunContext& context = {});

// Merges or leaves out scenes that overlap others (TPAMI 2019, section 4.1): that share a photo (the same
// bytes), or, with descriptors, show the same thing by near photos whose local features fit one geometry. A
// scene of the validation split that overlaps one of the training split is left out.
ScenesAndChanges ResolveOverlaps(std::vector<SceneModels> scenes, const PhotoDescriptors* descriptors,
                                 const ExcludeOptions& options, const RunContext& context = {});

}  // namespace vantage
