// SPDX-License-Identifier: BSD-3-Clause
#include <utility>

#include "vantage/evaluation/official_benchmark.h"
#include "vantage/util/error.h"
#include "vantage/util/file.h"

namespace vantage {
namespace {

namespace fs = std::filesystem;

// Without a photo's extension; "a.b" keeps its end.
fs::path WithoutExtension(fs::path path) {
  const std::string extension = ToLower(path.extension().string());
  for (const std::string& known : PhotoExtensions()) {
    if (extension == known) return path.replace_extension();
  }
  return path;
}

}  // namespace

PhotoLookup::PhotoLookup(std::vector<fs::path> photos, const fs::path& folder) : photos_(std::move(photos)) {
  for (size_t i = 0; i < photos_.size(); ++i) {
    const fs::path stem = WithoutExtension(photos_[i]);
    by_path_[stem.generic_string()] = i;
    if (!folder.empty()) by_path_[stem.lexically_relative(folder).generic_string()] = i;
    by_name_[stem.filename().string()].push_back(i);
  }
}

PhotoLookup PhotoLookup::InFolder(const fs::path& folder) {
  std::vector<fs::path> photos;
  for (const fs::path& photo : ListFiles(folder, PhotoExtensions())) photos.push_back(folder / photo);
  return PhotoLookup(std::move(photos), folder);
}

const fs::path* PhotoLookup::Find(const std::string& name) const {
  const fs::path stem = WithoutExtension(name);
  if (const auto found = by_path_.find(stem.generic_string()); found != by_path_.end()) {
    return &photos_[found->second];
  }
  const auto found = by_name_.find(stem.filename().string());
  if (found == by_name_.end()) return nullptr;
  VANTAGE_CHECK(found->second.size() == 1, "the photo '", name, "' is ambiguous: there are ",
                photos_[found->second[0]].string(), " and ", photos_[found->second[1]].string());
  return &photos_[found->second[0]];
}

}  // namespace vantage
