// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <filesystem>

#include "vantage/training_set.h"

namespace vantage::training_set {

// True if the path ends in .pkl, as cirtorch's training sets do.
bool IsPicklePath(const std::filesystem::path& path);

// Reads cirtorch's pickle into a set whose paths are relative to the folder of `set_path`. `photos`: its
// folder of photos (empty: `ims` in the pickle's folder). The report counts missing photos. Throws Error if
// all are missing.
BuiltTuples ImportCirtorchPickle(const std::filesystem::path& pickle, const std::filesystem::path& photos,
                                 const std::filesystem::path& set_path);

// Converts a training set from vantage's file (.db) to cirtorch's (.pkl) or back, by the names' extensions.
// Throws UsageError for other extensions.
void ConvertTrainingSet(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace vantage::training_set
