// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <filesystem>
#include <map>

namespace vantage::training_set {

// Finds photos by path. All spellings of a file's path give the same path, so that photos can be compared by
// path.
class PhotoFiles {
 public:
  // The file's canonical path, as PathFrom uses it; empty if there is no regular file.
  std::filesystem::path Find(const std::filesystem::path& path);

 private:
  std::map<std::filesystem::path, std::filesystem::path>
      folders_;  // canonical path of each folder by its spelling
};

}  // namespace vantage::training_set
