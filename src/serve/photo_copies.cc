// SPDX-License-Identifier: BSD-3-Clause
#include "serve/photo_copies.h"

#include <algorithm>
#include <utility>

#include "report/thumbnail.h"
#include "serve/http.h"
#include "util/check.h"

namespace vantage::serve {
namespace {

namespace fs = std::filesystem;

fs::path RealFolder(const fs::path& folder) {
  VANTAGE_CHECK(fs::is_directory(folder), folder.string(), ": no such folder");
  return fs::canonical(folder);
}

bool IsIn(const fs::path& folder, const fs::path& path) {
  return std::mismatch(folder.begin(), folder.end(), path.begin(), path.end()).first == folder.end();
}

void CheckPixels(const fs::path& file, int64_t max_pixels) {
  ImageHeader header;
  try {
    header = ReadImageHeader(file);
  } catch (const Error&) {  // decoding says why, without the file's path
    return;
  }
  const int64_t pixels = int64_t{header.width} * header.height;
  if (pixels > max_pixels)
    throw HttpError(404, StrCat("the photo has ", pixels, " pixels, more than ", max_pixels));
}

}  // namespace

PhotoCopies::PhotoCopies(const fs::path& folder, const std::vector<std::string>& names, int64_t max_pixels,
                         int64_t max_bytes)
    : folder_(folder),
      real_folder_(RealFolder(folder)),
      names_({names.begin(), names.end()}),
      max_pixels_(max_pixels),
      max_bytes_(max_bytes) {}

PhotoCopies::Key PhotoCopies::KeyOf(int64_t row, int size) { return StrCat(row, " ", size); }

std::shared_ptr<const std::string> PhotoCopies::Make(int64_t row, int size) {
  const fs::path file = FileOf(row);
  CheckPixels(file, max_pixels_);
  report::PhotoThumbnail copy = report::MakeThumbnail(file, {.size = size, .quality = 85});
  if (!copy.problem.empty()) throw HttpError(404, copy.problem);
  auto jpeg = std::make_shared<const std::string>(std::move(copy.jpeg));
  Keep(KeyOf(row, size), jpeg);
  return jpeg;
}

std::shared_ptr<const std::string> PhotoCopies::Kept(int64_t row, int size) {
  const std::scoped_lock lock(mutex_);
  const auto found = places_.find(KeyOf(row, size));
  if (found == places_.end()) return nullptr;
  kept_.splice(kept_.begin(), kept_, found->second);
  return found->second->jpeg;
}

void PhotoCopies::Keep(const Key& key, const std::shared_ptr<const std::string>& jpeg) {
  const std::scoped_lock lock(mutex_);
  if (places_.contains(key)) return;  // another thread made it meanwhile
  kept_.push_front({key, jpeg});
  places_[key] = kept_.begin();
  bytes_ += std::ssize(*jpeg);
  while (bytes_ > max_bytes_) {
    bytes_ -= std::ssize(*kept_.back().jpeg);
    places_.erase(kept_.back().key);
    kept_.pop_back();
  }
}

fs::path PhotoCopies::FileOf(int64_t row) const {
  const fs::path& name = names_.photo(row);
  std::error_code error;
  const fs::path real = fs::canonical(PhotoPath(name, folder_), error);
  if (error) throw HttpError(404, "no such file");
  if (!IsIn(real_folder_, real)) throw HttpError(403, "its file is not in the folder of the photos");
  return real;
}

}  // namespace vantage::serve
