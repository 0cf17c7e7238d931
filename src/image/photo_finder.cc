// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/photos.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "util/check.h"
#include "util/file.h"
#include "util/string.h"

namespace vantage {
namespace {

namespace fs = std::filesystem;

// Whether the longer path ends in the shorter one.
bool EndsAlike(const fs::path& a, const fs::path& b) {
  const auto parts_a = std::distance(a.begin(), a.end());
  const auto parts_b = std::distance(b.begin(), b.end());
  const auto common = std::min(parts_a, parts_b);
  return std::equal(std::next(a.begin(), parts_a - common), a.end(), std::next(b.begin(), parts_b - common));
}

}  // namespace

fs::path WithoutPhotoEnding(const fs::path& path) {
  const std::string ending = ToLower(path.extension().string());
  const std::vector<std::string>& known = PhotoExtensions();
  const bool is_known = std::find(known.begin(), known.end(), ending) != known.end();
  return is_known ? fs::path(path).replace_extension() : path;
}

PhotoFinder::PhotoFinder(std::vector<fs::path> photos, const fs::path& folder) : photos_(std::move(photos)) {
  for (size_t i = 0; i < photos_.size(); ++i) {
    const auto place = static_cast<int64_t>(i);
    const fs::path whole = photos_[i].lexically_normal();
    const auto know_as = [&](const fs::path& path) {
      if (!by_path_.emplace(path.generic_string(), place).second) return false;
      by_path_without_ending_[WithoutPhotoEnding(path).generic_string()].push_back(place);
      return true;
    };
    if (!know_as(whole)) continue;
    if (!folder.empty()) know_as(photos_[i].lexically_relative(folder));
    by_file_without_ending_[WithoutPhotoEnding(whole.filename()).string()].push_back(place);
  }
}

std::optional<int64_t> PhotoFinder::FindExact(const std::string& name) const {
  const auto found = by_path_.find(fs::path(name).lexically_normal().generic_string());
  return found == by_path_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<int64_t> PhotoFinder::OneOf(const Places& places, const std::string& name) const {
  if (places.empty()) return std::nullopt;
  VANTAGE_CHECK(places.size() == 1, "the photo '", name, "' is ambiguous: there are ",
                photo(places[0]).string(), " and ", photo(places[1]).string());
  return places[0];
}

std::optional<int64_t> PhotoFinder::Find(const std::string& name) const {
  if (const auto exact = FindExact(name)) return exact;
  const fs::path asked = fs::path(name).lexically_normal();
  const fs::path stem = WithoutPhotoEnding(asked);
  const auto same_file = by_file_without_ending_.find(stem.filename().string());
  if (same_file == by_file_without_ending_.end()) return std::nullopt;
  Places with_ending;
  Places without_ending;
  for (const int64_t place : same_file->second) {
    const fs::path whole = photo(place).lexically_normal();
    if (EndsAlike(whole, asked)) with_ending.push_back(place);
    if (EndsAlike(WithoutPhotoEnding(whole), stem)) without_ending.push_back(place);
  }
  if (!with_ending.empty()) return OneOf(with_ending, name);
  const auto same_path = by_path_without_ending_.find(stem.generic_string());
  return OneOf(same_path == by_path_without_ending_.end() ? without_ending : same_path->second, name);
}

fs::path PhotoPath(const fs::path& name, const fs::path& folder) {
  const fs::path below = folder / name;
  if (fs::exists(below)) return below;
  for (const std::string& ending : PhotoExtensions()) {
    const fs::path with_ending = below.string() + ending;
    if (fs::exists(with_ending)) return with_ending;
  }
  return fs::exists(name) ? name : below;
}

}  // namespace vantage
