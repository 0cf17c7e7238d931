// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace vantage::pipeline {

// Throws Error if the first photo is not in the folder, which shows that the folder is wrong.
void CheckPhotoFolder(const std::vector<std::string>& names, const std::filesystem::path& folder);

}  // namespace vantage::pipeline
