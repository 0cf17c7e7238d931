// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/training_set.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "util/rethrow.h"
#include "util/string.h"
#include "vantage/error.h"

namespace vantage {
namespace {

namespace fs = std::filesystem;

constexpr size_t kSampledPhotos = 200;  // photos that folders are compared by

// A folder that paths may be relative to, and how many of their first parts to leave out.
struct Start {
  fs::path folder;
  ptrdiff_t left_out = 0;
};

// The path without its first parts. "/" is a part.
fs::path Shortened(const fs::path& path, ptrdiff_t left_out) {
  fs::path rest;
  auto part = path.begin();
  for (ptrdiff_t i = 0; i < left_out && part != path.end(); ++i) ++part;
  for (; part != path.end(); ++part) rest /= *part;
  return rest;
}

fs::path PathAt(const TrainingPhoto& photo, const Start& start) {
  return start.folder / Shortened(photo.path, start.left_out);
}

// The number of parts of the longest folder that all photos' paths share.
ptrdiff_t SharedParts(const TrainingSet& set) {
  fs::path shared = fs::path(set.photos[0].path).parent_path();
  for (const TrainingPhoto& photo : set.photos) {
    const fs::path folder = fs::path(photo.path).parent_path();
    const auto end = std::mismatch(shared.begin(), shared.end(), folder.begin(), folder.end()).first;
    fs::path common;
    for (auto part = shared.begin(); part != end; ++part) common /= *part;
    shared = common;
  }
  return std::distance(shared.begin(), shared.end());
}

// Possible starts, the likeliest first.
std::vector<Start> PossibleStarts(const TrainingSet& set, const fs::path& path, const fs::path& photos) {
  std::vector<Start> starts;
  if (photos.empty()) {
    starts.push_back({path.parent_path()});
    std::error_code error;
    const fs::path real = fs::canonical(path, error).parent_path();
    if (!real.empty()) starts.push_back({real});
    return starts;
  }
  // Starts that lead out of `photos` come last, since they may lead to the originals of photos copied to
  // `photos`.
  const ptrdiff_t shared = SharedParts(set);
  for (ptrdiff_t left_out = 0; left_out <= shared; ++left_out) {
    const fs::path first = Shortened(set.photos[0].path, left_out);
    if (!first.is_absolute() && *first.begin() != "..") starts.push_back({photos, left_out});
  }
  starts.push_back({photos, 0});
  return starts;
}

int64_t CountFound(const TrainingSet& set, const Start& start, size_t step) {
  int64_t found = 0;
  std::error_code error;
  for (size_t i = 0; i < set.photos.size(); i += step) {
    found += fs::exists(PathAt(set.photos[i], start), error) ? 1 : 0;
  }
  return found;
}

}  // namespace

LocatedSet ReadLocatedSet(const fs::path& path, const fs::path& photos) try {
  LocatedSet located{ReadTrainingSet(path), photos.empty() ? path.parent_path() : photos};
  TrainingSet& set = located.set;
  if (set.photos.empty()) return located;
  const std::vector<Start> starts = PossibleStarts(set, path, photos);
  const Start* best = nullptr;
  // Looks for all photos only if none of the sample exists.
  for (const size_t step : {std::max<size_t>(1, set.photos.size() / kSampledPhotos), size_t{1}}) {
    int64_t most = 0;
    for (const Start& start : starts) {
      const int64_t found = CountFound(set, start, step);
      if (found <= most) continue;
      best = &start;
      most = found;
    }
    if (best != nullptr) break;
  }
  if (best == nullptr) {
    const std::string first = PathAt(set.photos[0], starts.front()).lexically_normal().string();
    const std::string last = PathAt(set.photos[0], starts.back()).lexically_normal().string();
    throw Error(StrCat(path.string(), ": none of its ", set.photos.size(), " photos was found, as ", first,
                       first == last ? "" : " or " + last,
                       "; name their folder (--photos, or data.photos of a configuration)"));
  }
  located.photo_root = best->folder;
  if (best->left_out > 0) {
    for (TrainingPhoto& photo : set.photos) photo.path = Shortened(photo.path, best->left_out).string();
  }
  return located;
} catch (...) {
  RethrowAsError();
}

}  // namespace vantage
