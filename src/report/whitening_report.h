// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "vantage/whitening.h"

namespace vantage::report {

// Writes a page that shows how the shrinkage of a model's whitenings was chosen: for each the mAP of scenes
// that were left out, by shrinkage, beside that without whitening. One file, as WriteTrainingSetReport's.
// choices: a heading (text) with each. Throws Error if there is none, or the page cannot be written.
void WriteWhiteningReport(const std::string& model,
                          const std::vector<std::pair<std::string, ShrinkageChoice>>& choices,
                          const std::filesystem::path& output);

}  // namespace vantage::report
