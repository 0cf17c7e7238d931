// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <filesystem>
#include <map>

namespace vantage::training_set {

// Finds photos by path. One file has one path whatever its spelling, so that photos can be compared by path.
class PhotoFiles {
 public:
  // The file's canonical path, which PathFrom starts from too; empty if there is no regular file.
  std::filesystem::path Find(const std::filesystem::path& path);

 private:
  std::map<std::filesystem::path, std::filesystem::path> folders_;  // canonical paths by spelling
};

}  // namespace vantage::training_set
