// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "vantage/tuples/build.h"

namespace vantage {

// Photos that a person, or a folder's name, says to show the same thing.
struct PhotoClass {
  std::string name;
  std::vector<std::filesystem::path> photos;
  std::optional<Split> split;  // drawn where it is not named
};

// The sub-folders of `folder`, each with the photos below it. Throws Error where the folder is missing or has
// no sub-folder with a photo.
std::vector<PhotoClass> ReadClasses(const std::filesystem::path& folder, std::optional<Split> split = {});

// A training set whose scenes are classes: for mining by difficulty, which asks for no more, and
// with queries whose positive is any other photo of the class. Of the options query_fraction,
// max_queries_per_scene, val_fraction, min_scene_photos, class_candidates and seed count. Candidates are
// drawn from the class; nothing was measured of them: they share no point, and overlap and scale are 1, so
// that all may be positives. Photos are not opened. Paths are made relative to `set_folder`. Throws Error
// where no class has enough photos, or two have the same name.
BuiltTuples BuildClassTuples(const std::vector<PhotoClass>& classes, const TupleOptions& options,
                             const std::filesystem::path& set_folder);

}  // namespace vantage
