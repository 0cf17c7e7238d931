// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "vantage/util/photo_finder.h"

namespace vantage {

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

// Walks a folder and those below it. A file is a photo if its ending says so (.jpg, .jpeg, .jpe, .jfif, .png
// in any case), else if its first bytes do. Links to folders are followed, and each real folder is walked
// once. Throws Error if the folder is missing or cannot be read.
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

}  // namespace vantage
