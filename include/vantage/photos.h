// SPDX-License-Identifier: BSD-3-Clause
// Photos on disk: those of folders and lists, and finding them by name.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "vantage/image.h"

namespace vantage {

// A photo, or the part of one inside a box (pixels of the full photo).
struct PhotoRequest {
  std::filesystem::path path;
  std::optional<Box> box;
  // Turned clockwise by so many degrees, 0, 90, 180 or 270, after any turn by EXIF and before the box is cut.
  int turn = 0;
};

// Endings of the files of all photo formats that this build reads, in lower case, with the dot: ".jpg", ...
const std::vector<std::string>& PhotoExtensions();

// The path without the ending of a photo, if it has one, in any case: "a/img.v1.jpg" gives "a/img.v1", which
// stays as it is.
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

// What a folder holds, and what of it is no photo that vantage reads.
struct PhotoFolder {
  std::vector<std::filesystem::path> photos;  // below the folder, relative to it, sorted by their bytes
  std::map<std::string, int64_t> left_out;    // images of other formats by kind: {"HEIC", 900}
  std::vector<std::string> unreadable;  // folders without permission, relative; their photos are missing
  int64_t hidden = 0;  // files and folders that begin with a dot or that systems leave behind, such as @eaDir
  int64_t repeated = 0;  // links to folders that were walked already
  int64_t pyramids = 0;  // folders of reduced copies: images_2 beside images

  // "900 images were left out (HEIC 900); 2 folders cannot be read (a, b)"; "" if there is nothing to say.
  std::string LeftOutText() const;
};

// Walks a folder and those below it. A file is a photo if its ending says so (PhotoExtensions, in any case),
// else if its first bytes do. Links to folders are followed, and each real folder is walked once. Throws
// Error if the folder is missing or cannot be read.
PhotoFolder WalkPhotos(const std::filesystem::path& folder);

// The photos of a folder by the sub-folder that they are in or below.
struct GroupedPhotos {
  std::map<std::string, std::vector<std::filesystem::path>> groups;  // relative to the sub-folder, sorted
  std::vector<std::filesystem::path> loose;                          // in the folder itself
};

// The photos of WalkPhotos. Logs a warning of what was left out, if anything was.
std::vector<std::filesystem::path> ListPhotoFiles(const std::filesystem::path& folder);

// The same by sub-folder, such as classes or scenes.
GroupedPhotos GroupPhotoFiles(const std::filesystem::path& folder);

// The groups of GroupPhotoFiles as classes. Logs a warning of loose photos, which are of no class.
std::map<std::string, std::vector<std::filesystem::path>> PhotosByClass(const std::filesystem::path& folder);

// A finder of the photos of ListPhotoFiles.
PhotoFinder FindPhotosIn(const std::filesystem::path& folder);

// Photos named by a list: folders (searched recursively; names are relative to them), text files (.txt) with
// a path a line (relative to the file), and photos themselves. Throws Error where one is missing, there is no
// photo, or a name repeats.
struct NamedPhotos {
  std::vector<std::string> names;
  std::vector<PhotoRequest> requests;
};
NamedPhotos ListPhotos(const std::vector<std::string>& sources);

// One of the n contiguous blocks that a list of photos is split into for n machines.
struct Shard {
  int64_t index = 1;  // 1 .. count
  int64_t count = 1;
};
// "2/8". Throws UsageError.
Shard ParseShard(const std::string& text);
NamedPhotos SelectShard(const NamedPhotos& photos, const Shard& shard);

}  // namespace vantage
