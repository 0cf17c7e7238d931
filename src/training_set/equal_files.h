// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "vantage/run_context.h"

namespace vantage::training_set {

struct FileOfGroup {
  size_t group = 0;
  std::filesystem::path path;
};

// Files with the same bytes, two at least, ordered by group and path; ordered by their first. With
// `across_groups` only those that are in several groups. Only files of a size that occurs twice are read. A
// file that cannot be read is equal to none.
std::vector<std::vector<FileOfGroup>> EqualFiles(
    const std::vector<std::vector<std::filesystem::path>>& groups, bool across_groups,
    const RunContext& context);

// "castle/3.jpg": enough to find a photo by.
std::string ShortName(const std::filesystem::path& photo);

}  // namespace vantage::training_set
