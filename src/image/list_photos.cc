// SPDX-License-Identifier: BSD-3-Clause
#include <set>

#include "util/check.h"
#include "util/file.h"
#include "util/lines.h"
#include "util/rethrow.h"
#include "vantage/photos.h"

namespace vantage {
namespace {

namespace fs = std::filesystem;

void AddFolder(const fs::path& folder, NamedPhotos& photos) {
  const PhotoFolder found = ReadPhotoFolder(folder);
  for (const auto& [kind, count] : found.LeftOutCounts()) photos.left_out[kind] += count;
  for (const fs::path& path : found.photos) {
    photos.names.push_back(path.generic_string());
    photos.requests.push_back({folder / path, std::nullopt});
  }
}

void AddList(const fs::path& list, NamedPhotos& photos) {
  for (const auto& [name, number] : ReadLines(list)) {
    photos.names.push_back(name);
    photos.requests.push_back({list.parent_path() / name, std::nullopt});
  }
}

}  // namespace

NamedPhotos ListPhotos(const std::vector<std::string>& sources) try {
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
} catch (...) {
  RethrowAsError();
}

Shard ParseShard(const std::string& text) {
  const std::vector<std::string> parts = SplitText(text, '/');
  Shard shard;
  try {
    if (parts.size() == 2) {
      shard = {ParseInteger(parts[0], "shard"), ParseInteger(parts[1], "shard")};
      if (shard.index >= 1 && shard.index <= shard.count) return shard;
    }
  } catch (const Error&) {  // reported below
  }
  throw UsageError(StrCat("shard: '", text, "' is not like 2/8, the second of eight"));
}

NamedPhotos SelectShard(const NamedPhotos& photos, const Shard& shard) {
  const auto count = std::ssize(photos.names);
  const auto bound = [&](int64_t i) { return static_cast<std::ptrdiff_t>(count * i / shard.count); };
  const std::ptrdiff_t first = bound(shard.index - 1);
  const std::ptrdiff_t last = bound(shard.index);
  return {{photos.names.begin() + first, photos.names.begin() + last},
          {photos.requests.begin() + first, photos.requests.begin() + last},
          photos.left_out};
}

}  // namespace vantage
