// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <filesystem>

#include "vantage/training_set.h"

namespace vantage::training_set {

// True where the path ends in .pkl, as cirtorch's training sets do.
bool IsPicklePath(const std::filesystem::path& path);

// Reads cirtorch's pickle into a set that will lie in the folder of `set_path`. `photos`: its folder of
// photos (empty: `ims` beside the pickle). The report counts missing photos; throws Error where all are.
BuiltTuples ImportCirtorchPickle(const std::filesystem::path& pickle, const std::filesystem::path& photos,
                                 const std::filesystem::path& set_path);

// Writes a training set from one of vantage's files (.db) to cirtorch's (.pkl) or the other way, as the names
// say. Throws UsageError where they say neither.
void ConvertTrainingSet(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace vantage::training_set
