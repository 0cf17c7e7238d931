// SPDX-License-Identifier: BSD-3-Clause
// Compares two photos by local features and geometry.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "vantage/image.h"
#include "vantage/options.h"

namespace vantage {

// docs/reference/search.md explains each option.
struct FeatureOptions {
  int max_features = 2048;
  int max_image_size = 640;
};
void Declare(OptionsDescription& description, FeatureOptions& options);

// Position, size and orientation of a feature.
struct Keypoint {
  float x = 0;  // pixels of the photo, from its top left corner
  float y = 0;
  float size = 0;   // diameter, pixels of the photo
  float angle = 0;  // degrees, clockwise
};

// RootSIFT (Arandjelovic and Zisserman 2012): square roots of the L1-normalised histogram, times 512; the
// length is about 512. COLMAP keeps the same numbers in its databases.
using SiftDescriptor = std::array<uint8_t, 128>;

struct LocalFeatures {
  int width = 0;  // of the photo, pixels
  int height = 0;
  std::vector<Keypoint> keypoints;
  std::vector<SiftDescriptor> descriptors;  // one for each keypoint

  size_t size() const { return keypoints.size(); }
};

// SIFT (Lowe 2004). A photo that is blank or smaller than 16 pixels has no features. The same photo gives the
// same features on any thread. Turns off OpenCV's own threads in the whole process (cv::setNumThreads), since
// photos are processed in parallel.
LocalFeatures DetectFeatures(const Image& photo, const FeatureOptions& options);

// docs/reference/search.md explains each option.
struct MatchOptions {
  // Applies in both directions; also, each feature must be the other's nearest.
  double max_ratio = 0.8;  // Lowe 2004, section 7.1
  // Largest distance to the epipolar line, as a share of the photo's longest side. A homography allows twice
  // this distance from the predicted place, since buildings are only nearly flat.
  double max_error = 0.006;
  // No pair among 7100 of different things had more than 9; 26 % of 330 pairs of one landmark, most of them
  // from different sides, had at least 10 (docs/geometric-matching.md).
  int min_inliers = 10;
};
void Declare(OptionsDescription& description, MatchOptions& options);

// Indices of two features that look alike, one of each photo.
struct FeatureMatch {
  int32_t a = 0;
  int32_t b = 0;

  bool operator==(const FeatureMatch&) const = default;
};

enum class MatchGeometry { kNone, kFundamental, kHomography };

struct GeometricMatch {
  std::vector<FeatureMatch> tentative;  // each other's nearest that pass the ratio test, sorted by a
  std::vector<FeatureMatch> inliers;    // those that agree with the geometry, sorted by a
  MatchGeometry geometry = MatchGeometry::kNone;
};

// Matches the features of two photos, then estimates a fundamental matrix and a homography (OpenCV's USAC,
// after Raguram et al. 2013). Keeps the one with more inliers, or the fundamental matrix if they have equally
// many. Fewer than 8 matches give no geometry, since few points always fit one. A geometry is rejected as a
// watermark if at least seven tenths of its inliers are near the borders of both photos. The same features
// give the same result, on any thread and in any order of calls.
GeometricMatch MatchFeatures(const LocalFeatures& a, const LocalFeatures& b, const MatchOptions& options);

// True if MatchFeatures finds at least min_inliers inliers.
bool ShowTheSame(const LocalFeatures& a, const LocalFeatures& b, const MatchOptions& options);

// A stage of a search (SearchOptions). Among the first photos of each ranking, those whose local features
// agree with the query's in one geometry move to the front, sorted by the number of such features. A ranking
// in which no photo agrees stays as it is.
struct LocalStageOptions {
  static constexpr const char* kKind = "local";
  // Number of first photos that are compared. At least 1.
  int64_t top = 50;
  FeatureOptions features;
  MatchOptions match;
};
void Declare(OptionsDescription& description, LocalStageOptions& options);

// Makes the stage "local" known to SearchOptions. Call it before options are read.
void RegisterLocalStage();

// Compares photos by their local features, and keeps the features that were detected last. May be called from
// several threads.
class PhotoMatcher {
 public:
  PhotoMatcher(const FeatureOptions& features, const MatchOptions& match);

  // Number of features that agree with one geometry. 0 if there are fewer than min_inliers, or if a photo
  // cannot be read. box: part of `a` that is compared, pixels; empty: the whole photo.
  int64_t Inliers(const std::filesystem::path& a, const std::filesystem::path& b,
                  const std::optional<Box>& box = std::nullopt);

 private:
  std::shared_ptr<const LocalFeatures> FeaturesOf(const std::filesystem::path& photo,
                                                  const std::optional<Box>& box);

  FeatureOptions feature_options_;
  MatchOptions match_options_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<const LocalFeatures>> known_;  // by path and box
  std::deque<std::string> order_;                                      // of known_, oldest first
};

}  // namespace vantage
