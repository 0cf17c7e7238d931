// SPDX-License-Identifier: BSD-3-Clause
#include <sys/stat.h>

#include <utility>

#include "util/check.h"
#include "util/hash.h"
#include "util/index.h"
#include "util/string.h"
#include "vantage/photos.h"

namespace vantage {
namespace {

std::vector<PhotoRequest> WholePhotos(const std::vector<std::filesystem::path>& paths) {
  std::vector<PhotoRequest> photos;
  for (const std::filesystem::path& path : paths) photos.push_back({path, std::nullopt});
  return photos;
}

// The EXIF orientation of a stored photo that this rotation makes upright.
int OrientationOfTurn(int degrees) {
  switch (degrees) {
    case 0:
      return 1;
    case 90:
      return 6;
    case 180:
      return 3;
    case 270:
      return 8;
    default:
      throw Error(StrCat("a turn by ", degrees, " degrees: not 0, 90, 180 or 270"));
  }
}

}  // namespace

PhotoFiles::PhotoFiles(std::vector<PhotoRequest> photos) : photos_(std::move(photos)) {}
PhotoFiles::PhotoFiles(const std::vector<std::filesystem::path>& paths) : PhotoFiles(WholePhotos(paths)) {}

const PhotoRequest& PhotoFiles::request(int64_t i) const { return photos_[ToIndex(i)]; }

Image PhotoFiles::Decode(int64_t i, const DecodeOptions& options) const {
  const PhotoRequest& photo = request(i);
  DecodeOptions decode = options;
  if (photo.box || photo.turn != 0) decode.apply_exif_orientation = false;
  return ApplyOrientation(ReadImage(photo.path, decode), OrientationOfTurn(photo.turn));
}

std::string PhotoFiles::Identity(int64_t i) const {
  const PhotoRequest& photo = request(i);
  struct stat facts {};
  if (::stat(photo.path.c_str(), &facts) != 0) return "";
  return StrCat(std::filesystem::absolute(photo.path).lexically_normal().string(), "\n", facts.st_size, " ",
                facts.st_mtim.tv_sec, " ", facts.st_mtim.tv_nsec, " ", photo.turn);
}

PhotosInMemory::PhotosInMemory(std::vector<Image> photos, std::vector<std::string> names)
    : photos_(std::move(photos)), names_(std::move(names)) {
  for (size_t i = names_.size(); i < photos_.size(); ++i) names_.push_back(StrCat("photo ", i));
  VANTAGE_CHECK(names_.size() == photos_.size(), names_.size(), " names for ", photos_.size(), " photos");
  for (size_t i = 0; i < photos_.size(); ++i) {
    try {
      CheckImage(photos_[i]);
    } catch (const Error& error) {
      throw Error(StrCat(names_[i], ": ", error.what()));
    }
  }
}

Image PhotosInMemory::Decode(int64_t i, const DecodeOptions&) const { return photos_[ToIndex(i)]; }

std::string PhotosInMemory::Identity(int64_t i) const {
  const Image& photo = photos_[ToIndex(i)];
  const std::string_view bytes(reinterpret_cast<const char*>(photo.pixels.data()), photo.pixels.size());
  return StrCat("pixels ", photo.width, " ", photo.height, " ", Sha256(bytes));
}

SelectedPhotos::SelectedPhotos(const PhotoSource& photos, std::vector<int64_t> places)
    : photos_(photos), places_(std::move(places)) {
  for (const int64_t place : places_) {
    VANTAGE_CHECK(place >= 0 && place < photos.size(), "photo ", place, " of ", photos.size());
  }
}

int64_t SelectedPhotos::At(int64_t i) const { return places_[ToIndex(i)]; }

}  // namespace vantage
