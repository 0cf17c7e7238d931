// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "vantage/training_set/build.h"
#include "vantage/training_set/exclude.h"
#include "vantage/util/run_context.h"

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

struct ClassesAndChanges {
  std::vector<PhotoClass> classes;
  std::vector<SceneChange> changes;
  std::vector<std::string> unmet;  // names that no class has
};

// Leaves out the classes that are named in the list, compared as ExcludeNames compares scenes.
ClassesAndChanges ExcludeClasses(std::vector<PhotoClass> classes, const std::vector<std::string>& names);

// Leaves out files (by their bytes) that two classes have of both: at most one says what they show, and they
// would be each other's negatives. Scenes that share a file are merged instead (ResolveOverlaps), since there
// the photos say that the scenes are one. Of a file that one class has twice the first stays.
ClassesAndChanges LeaveOutRepeatedFiles(std::vector<PhotoClass> classes, const RunContext& context = {});

// A training set whose scenes are classes: for mining by difficulty, which asks for no more, and
// with queries whose positive is any other photo of the class. Of the options query_fraction,
// max_queries_per_scene, val_fraction, min_scene_photos, class_candidates and seed count. Candidates are
// drawn from the class; nothing was measured of them: they share no point, and overlap and scale are 1, so
// that all may be positives. Photos are not opened. Paths are made relative to `set_folder`. Each photo is in
// the set once, by canonical path, in the first class that has it. Throws Error if no class has enough
// photos, or two have the same name.
BuiltTuples BuildClassTuples(const std::vector<PhotoClass>& classes, const TupleOptions& options,
                             const std::filesystem::path& set_folder);

}  // namespace vantage
