// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <filesystem>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "vantage/photos.h"

namespace vantage::serve {

// Copies of a database's photos for a browser: JPEG, upright, reduced, without the photo's metadata. Any
// number of threads may use it.
class PhotoCopies {
 public:
  // names: the database's, relative to the folder (PhotoPath). max_pixels: larger photos have no copy.
  // max_bytes: copies that are kept together, those used last. Throws Error if there is no such folder.
  PhotoCopies(const std::filesystem::path& folder, const std::vector<std::string>& names, int64_t max_pixels,
              int64_t max_bytes);

  // The row of a name, in any spelling of its path.
  std::optional<int64_t> Find(const std::string& name) const { return names_.FindExact(name); }

  // The copy whose longest side has at most `size` pixels, if it is kept; else null.
  std::shared_ptr<const std::string> Kept(int64_t row, int size);
  // Makes that copy. Throws HttpError with status 403 if the photo's file is not in the folder, symbolic
  // links followed, and 404 if it cannot be read.
  std::shared_ptr<const std::string> Make(int64_t row, int size);

 private:
  using Key = std::string;  // row and size
  struct Entry {
    Key key;
    std::shared_ptr<const std::string> jpeg;
  };

  static Key KeyOf(int64_t row, int size);
  void Keep(const Key& key, const std::shared_ptr<const std::string>& jpeg);
  std::filesystem::path FileOf(int64_t row) const;

  const std::filesystem::path folder_;
  const std::filesystem::path real_folder_;  // links followed
  const PhotoFinder names_;
  const int64_t max_pixels_;
  const int64_t max_bytes_;

  std::mutex mutex_;       // guards what follows
  std::list<Entry> kept_;  // that used last first
  std::unordered_map<Key, std::list<Entry>::iterator> places_;
  int64_t bytes_ = 0;
};

}  // namespace vantage::serve
