// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace vantage {

// True if the file is a SQLite database with COLMAP's tables.
bool IsColmapDatabase(const std::filesystem::path& path);

// Two images that COLMAP has matched, and whose matches one geometry explains.
struct VerifiedPair {
  std::string image_a;  // paths relative to the folder of photos; image_a has the lower id
  std::string image_b;
  int64_t inliers = 0;  // matches that the geometry explains, at least 1

  bool operator==(const VerifiedPair&) const = default;
};

// The pairs of a COLMAP database (3.5 to 4.x) with inliers, as its mapper takes them: those that share
// nothing but a watermark are among them. In the order of the ids. COLMAP itself maps pairs of at least 15
// inliers. Pairs of images that were deleted are left out, with one warning that counts them. Throws Error
// naming the file, the table and the row where it is damaged or no COLMAP database. Leaves no file beside it.
std::vector<VerifiedPair> ReadVerifiedPairs(const std::filesystem::path& path);

// The names of all pairs that COLMAP tried to match, with or without success, in the order of the ids; as
// ReadVerifiedPairs else.
std::vector<std::pair<std::string, std::string>> ReadMatchedPairs(const std::filesystem::path& path);

struct DatabaseSummary {
  int64_t cameras = 0;
  int64_t images = 0;
  int64_t keypoints = 0;
  int64_t matched_pairs = 0;   // tried, with or without matches
  int64_t verified_pairs = 0;  // with inliers
  int64_t inliers = 0;         // of all pairs
};
DatabaseSummary SummarizeColmapDatabase(const std::filesystem::path& path);

}  // namespace vantage
