// SPDX-License-Identifier: BSD-3-Clause
// Lists photos of folders and text files, and finds photos by name.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "vantage/image.h"

namespace vantage {

// A photo, or the part of one inside a box. A photo with a box or a turn is not turned by its EXIF
// orientation, since both are about the stored pixels.
struct PhotoRequest {
  std::filesystem::path path;
  std::optional<Box> box;  // pixels of the photo after `turn`
  int turn = 0;            // clockwise rotation in degrees: 0, 90, 180 or 270
};

// Photos that can be opened, by index. All methods may be called from several threads.
class PhotoSource {
 public:
  virtual ~PhotoSource() = default;
  virtual int64_t size() const = 0;
  // What messages call the photo: its path, if it has one.
  virtual std::string name(int64_t i) const = 0;
  // The part of the decoded photo to use; empty: all of it.
  virtual std::optional<Box> box(int64_t) const { return std::nullopt; }
  // Throws Error naming the photo.
  virtual Image Decode(int64_t i, const DecodeOptions& options = {}) const = 0;
  // Text that changes whenever the decoded photo may; "" if there is none. A DescriptorStore keeps
  // descriptors only of photos that have one.
  virtual std::string Identity(int64_t) const { return ""; }
};

// Photos in files. The identity is the absolute path, the file's size and modification time, and the turn.
class PhotoFiles : public PhotoSource {
 public:
  explicit PhotoFiles(std::vector<PhotoRequest> photos);
  explicit PhotoFiles(const std::vector<std::filesystem::path>& paths);

  const PhotoRequest& request(int64_t i) const;
  int64_t size() const override { return static_cast<int64_t>(photos_.size()); }
  std::string name(int64_t i) const override { return request(i).path.string(); }
  std::optional<Box> box(int64_t i) const override { return request(i).box; }
  Image Decode(int64_t i, const DecodeOptions& options = {}) const override;
  std::string Identity(int64_t i) const override;

 private:
  std::vector<PhotoRequest> photos_;
};

// Photos that a program holds: upright, at full size. DecodeOptions have no effect. The identity is a hash of
// the pixels.
class PhotosInMemory : public PhotoSource {
 public:
  // Photos beyond the last name are called "photo 3", by their index. Throws Error if there are more names
  // than photos, or naming a photo that is not valid (CheckImage).
  explicit PhotosInMemory(std::vector<Image> photos, std::vector<std::string> names = {});

  int64_t size() const override { return static_cast<int64_t>(photos_.size()); }
  std::string name(int64_t i) const override { return names_[static_cast<size_t>(i)]; }
  Image Decode(int64_t i, const DecodeOptions& options = {}) const override;
  std::string Identity(int64_t i) const override;

 private:
  std::vector<Image> photos_;
  std::vector<std::string> names_;
};

// Some of another source's photos, in any order; places: their indices in it. The other source must outlive
// this one. Throws Error if an index is out of range.
class SelectedPhotos : public PhotoSource {
 public:
  SelectedPhotos(const PhotoSource& photos, std::vector<int64_t> places);

  int64_t size() const override { return static_cast<int64_t>(places_.size()); }
  std::string name(int64_t i) const override { return photos_.name(At(i)); }
  std::optional<Box> box(int64_t i) const override { return photos_.box(At(i)); }
  Image Decode(int64_t i, const DecodeOptions& options = {}) const override {
    return photos_.Decode(At(i), options);
  }
  std::string Identity(int64_t i) const override { return photos_.Identity(At(i)); }

 private:
  int64_t At(int64_t i) const;

  const PhotoSource& photos_;
  std::vector<int64_t> places_;
};

// File extensions of all photo formats that this build reads, in lower case, with the dot: ".jpg", ...
const std::vector<std::string>& PhotoExtensions();

// The path without its photo extension (PhotoExtensions, in any case), if it has one: "a/img.v1.jpg" gives
// "a/img.v1"; "a/img.v1" is returned unchanged.
std::filesystem::path WithoutPhotoEnding(const std::filesystem::path& path);

// Finds photos by name among the files of a folder or the names in a descriptor file. A place is an index
// into photos().
class PhotoFinder {
 public:
  // folder: photos below it are also found by their paths relative to it. If a path repeats, the first photo
  // is found.
  explicit PhotoFinder(std::vector<std::filesystem::path> photos, const std::filesystem::path& folder = {});

  // The photo with exactly this path, relative to the folder or as passed to the constructor. For names that
  // a program wrote.
  std::optional<int64_t> FindExact(const std::string& name) const;

  // The photo that a person means by a name. Returns the result of the first step that finds a photo:
  //   1. FindExact.
  //   2. A path that ends in the name, or that the name ends in (comparing whole path components).
  //   3. As 1, ignoring photo extensions.
  //   4. As 2, ignoring photo extensions.
  // So "a.png" finds a.jpg only if there is no a.png, and a name without a folder finds a photo in any
  // folder. Throws Error naming two of the photos if a step finds several.
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

// The path of the photo of this name. Tries folder/name, then folder/name with each photo extension appended,
// then the name itself. Returns folder/name if none of them exists.
std::filesystem::path PhotoPath(const std::filesystem::path& name, const std::filesystem::path& folder);

// The photos of a folder, and counts of what was left out.
struct PhotoFolder {
  std::vector<std::filesystem::path> photos;  // relative to the folder, sorted by their bytes
  std::map<std::string, int64_t> left_out;    // images in unsupported formats, by format: {"HEIC", 900}
  std::vector<std::string> unreadable;  // folders without read permission, relative; their photos are missing
  int64_t hidden = 0;    // names that begin with a dot, and system files and folders such as @eaDir
  int64_t repeated = 0;  // links to folders that were already walked
  int64_t pyramids = 0;  // folders of reduced copies: images_2 next to images

  // "900 images were left out (HEIC 900); 2 folders cannot be read (a, b)"; "" if there is nothing to say.
  std::string LeftOutText() const;
  // The same as counts by kind: {"HEIC": 900, "unreadable folders": 2}. Kinds without a count are missing.
  std::map<std::string, int64_t> LeftOutCounts() const;
};

// Walks a folder recursively. A file is a photo if its extension says so (PhotoExtensions, in any case), or
// else if its first bytes do. Follows links to folders, and walks each real folder once. Throws Error if the
// folder is missing or cannot be read.
PhotoFolder WalkPhotos(const std::filesystem::path& folder);

// The photos of a folder, grouped by the sub-folder of the first level that they are below.
struct GroupedPhotos {
  std::map<std::string, std::vector<std::filesystem::path>> groups;  // relative to the sub-folder, sorted
  std::vector<std::filesystem::path> loose;                          // in the folder itself
};

// WalkPhotos, with a warning in the log if anything was left out.
PhotoFolder ReadPhotoFolder(const std::filesystem::path& folder);
// The photos of ReadPhotoFolder.
std::vector<std::filesystem::path> ListPhotoFiles(const std::filesystem::path& folder);

// As ListPhotoFiles, grouped by sub-folder, such as classes or scenes.
GroupedPhotos GroupPhotoFiles(const std::filesystem::path& folder);

// The groups of GroupPhotoFiles as classes. Logs a warning if there are loose photos, which have no class.
std::map<std::string, std::vector<std::filesystem::path>> PhotosByClass(const std::filesystem::path& folder);

// A finder over the photos of ListPhotoFiles.
PhotoFinder FindPhotosIn(const std::filesystem::path& folder);

// Photos of a list of sources: folders (searched recursively; names are relative to them), text files (.txt)
// with a path per line (relative to the file), and single photos. Throws Error if a source is missing, there
// is no photo at all, or a name repeats. Does not check whether the photos that a text file names exist.
struct NamedPhotos {
  std::vector<std::string> names;
  std::vector<PhotoRequest> requests;
  std::map<std::string, int64_t> left_out = {};  // see PhotoFolder::LeftOutCounts; of all folders
};
NamedPhotos ListPhotos(const std::vector<std::string>& sources);

// One of the `count` contiguous blocks into which a list of photos is split for as many machines.
struct Shard {
  int64_t index = 1;  // 1 .. count
  int64_t count = 1;
};
// "2/8". Throws UsageError.
Shard ParseShard(const std::string& text);
NamedPhotos SelectShard(const NamedPhotos& photos, const Shard& shard);

}  // namespace vantage
