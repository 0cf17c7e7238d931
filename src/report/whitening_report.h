// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "vantage/whitening.h"

namespace vantage::report {

// Writes a page that shows how the shrinkage of a model's whitenings was chosen: for each whitening, the mAP
// of held-out scenes by shrinkage, and their mAP without whitening. The page is one file, as
// WriteTrainingSetReport's. choices: a heading (plain text) with each choice. Throws Error if there is no
// choice, or the page cannot be written.
void WriteWhiteningReport(const std::string& model,
                          const std::vector<std::pair<std::string, ShrinkageChoice>>& choices,
                          const std::filesystem::path& output);

}  // namespace vantage::report
