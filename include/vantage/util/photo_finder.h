// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace vantage {

// The path without the ending of a photo (PhotoExtensions, in any case): "a/img.v1.jpg" gives "a/img.v1",
// which stays as it is.
std::filesystem::path WithoutPhotoEnding(const std::filesystem::path& path);

// Finds photos by name: files of a folder, or the names in a descriptor file. A place is an index into
// photos().
class PhotoFinder {
 public:
  // folder: photos below it are also known by their paths from there. Of equal photos the first is found.
  explicit PhotoFinder(std::vector<std::filesystem::path> photos, const std::filesystem::path& folder = {});

  // The photo of exactly this path, from the folder or as a whole. For names that a program wrote.
  std::optional<int64_t> FindExact(const std::string& name) const;

  // The photo that a person means by a name: the first of these steps that finds one.
  //   1. FindExact.
  //   2. The one path that ends in the name, or that the name ends in (whole folders and file names).
  //   3. The same path without the ending of a photo.
  //   4. As 2, without the ending of a photo.
  // So a name with an ending never means the photo beside it that has another one, if its own is there, and a
  // name without folder finds a photo in any folder. Throws Error that names two of the photos if a step
  // finds several.
  std::optional<int64_t> Find(const std::string& name) const;

  const std::vector<std::filesystem::path>& photos() const { return photos_; }
  const std::filesystem::path& photo(int64_t place) const { return photos_[static_cast<size_t>(place)]; }

 private:
  using Places = std::vector<int64_t>;
  std::optional<int64_t> OneOf(const Places& places, const std::string& name) const;

  std::vector<std::filesystem::path> photos_;
  std::map<std::string, int64_t> by_path_;
  std::map<std::string, Places> by_path_without_ending_;
  std::map<std::string, Places> by_file_without_ending_;
};

// Where the photo of this name is: below the folder, below it with the ending of a photo added, or at the
// name itself, in this order. The path below the folder if it is at none of them.
std::filesystem::path PhotoPath(const std::filesystem::path& name, const std::filesystem::path& folder);

}  // namespace vantage
