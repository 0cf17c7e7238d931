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

// Sets of at least two files with the same bytes, each ordered by group and path; the sets are ordered by
// their first file. With `across_groups`, only sets that span several groups. Reads only files that share
// their size with another. A file that cannot be read is equal to no other.
std::vector<std::vector<FileOfGroup>> EqualFiles(
    const std::vector<std::vector<std::filesystem::path>>& groups, bool across_groups,
    const RunContext& context);

// The folder's and the file's name: "castle/3.jpg".
std::string ShortName(const std::filesystem::path& photo);

}  // namespace vantage::training_set
