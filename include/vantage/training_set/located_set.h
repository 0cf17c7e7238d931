// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <filesystem>

#include "vantage/training_set/training_set.h"

namespace vantage {

// A training set and the folder that its photos' paths start from (PhotoPath).
struct LocatedSet {
  TrainingSet set;
  std::filesystem::path photo_root;
};

// Reads a training set and finds its photos.
// - `photos` is empty: paths start from the file's folder; if the file is a link, from the link's folder or
// the
//   real file's, whichever finds more.
// - `photos` names a folder: the one that paths start from, or one that the photos were moved to. The root of
// the
//   photos is the longest folder that all paths share; `photos` may be that folder under another name, or any
//   above it. Paths of the set are shortened then, so that they start from `photos`.
// Throws Error as ReadTrainingSet does, and naming paths that were tried if no photo is found.
LocatedSet ReadLocatedSet(const std::filesystem::path& path, const std::filesystem::path& photos = {});

}  // namespace vantage
