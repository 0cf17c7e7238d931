// SPDX-License-Identifier: BSD-3-Clause
#include <set>
#include <sstream>

#include "vantage/extract/extract.h"
#include "vantage/util/error.h"
#include "vantage/util/file.h"

namespace vantage {
namespace {

namespace fs = std::filesystem;

void AddFolder(const fs::path& folder, NamedPhotos& photos) {
  for (const fs::path& path : ListFiles(folder, PhotoExtensions())) {
    photos.names.push_back(path.generic_string());
    photos.requests.push_back({folder / path, std::nullopt});
  }
}

void AddList(const fs::path& list, NamedPhotos& photos) {
  std::istringstream lines(ReadFile(list));
  for (std::string line; std::getline(lines, line);) {
    const std::string name(Trim(line));
    if (name.empty()) continue;
    photos.names.push_back(name);
    photos.requests.push_back({list.parent_path() / name, std::nullopt});
  }
}

}  // namespace

NamedPhotos ListPhotos(const std::vector<std::string>& sources) {
  NamedPhotos photos;
  for (const std::string& source : sources) {
    const fs::path path = source;
    if (fs::is_directory(path)) {
      AddFolder(path, photos);
    } else if (ToLower(path.extension().string()) == ".txt") {
      AddList(path, photos);
    } else {
      VANTAGE_CHECK(fs::exists(path), source, ": no such file or folder");
      photos.names.push_back(source);
      photos.requests.push_back({path, std::nullopt});
    }
  }
  VANTAGE_CHECK(!photos.names.empty(), Join(sources, ", "), ": no photo (", Join(PhotoExtensions(), ", "),
                ") there");
  std::set<std::string> seen;
  for (const std::string& name : photos.names) {
    VANTAGE_CHECK(seen.insert(name).second, "the photo '", name, "' is named twice");
  }
  return photos;
}

}  // namespace vantage
