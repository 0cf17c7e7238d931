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

// Where a feature is and how large and turned what it describes.
struct Keypoint {
  float x = 0;  // pixels of the photo, from its top left corner
  float y = 0;
  float size = 0;   // diameter, pixels of the photo
  float angle = 0;  // degrees, clockwise
};

// RootSIFT (Arandjelovic and Zisserman 2012): square roots of the L1-normalised histogram, times 512, of
// length about 512; the numbers that COLMAP keeps in its databases.
using SiftDescriptor = std::array<uint8_t, 128>;

struct LocalFeatures {
  int width = 0;  // of the photo, pixels
  int height = 0;
  std::vector<Keypoint> keypoints;
  std::vector<SiftDescriptor> descriptors;  // of the keypoints

  size_t size() const { return keypoints.size(); }
};

// SIFT (Lowe 2004). A photo that is blank or smaller than 16 pixels has no features. The same photo gives the
// same features on any thread. Turns OpenCV's own threads off in the whole process (cv::setNumThreads), since
// photos are worked on side by side.
LocalFeatures DetectFeatures(const Image& photo, const FeatureOptions& options);

// docs/reference/search.md explains each option.
struct MatchOptions {
  // Both ways: each is the other's nearest.
  double max_ratio = 0.8;  // Lowe 2004, section 7.1
  // From where a homography puts it an inlier lies at most twice as far, since buildings are only nearly
  // flat.
  double max_error = 0.006;
  // Of 7100 pairs of photos of different things none had more than 9; of 330 pairs of one landmark, most from
  // different sides, 26 % had 10 (docs/geometric-matching.md).
  int min_inliers = 10;
};
void Declare(OptionsDescription& description, MatchOptions& options);

// Features a of the one and b of the other photo that look alike.
struct FeatureMatch {
  int32_t a = 0;
  int32_t b = 0;

  bool operator==(const FeatureMatch&) const = default;
};

enum class MatchGeometry { kNone, kFundamental, kHomography };

struct GeometricMatch {
  std::vector<FeatureMatch> tentative;  // each other's nearest that pass the ratio test, by a
  std::vector<FeatureMatch> inliers;    // those that the geometry explains, by a
  MatchGeometry geometry = MatchGeometry::kNone;
};

// Matches two photos' features and looks for a fundamental matrix and for a homography that explain most of
// the matches (OpenCV's USAC, after Raguram et al. 2013); the one with more inliers is taken, the fundamental
// matrix where they have as many. Fewer than 8 matches have no geometry: any few fit one. Nor has what lies
// at the borders of both photos, for seven tenths of its inliers: a watermark. The same features give the
// same result, on any thread and in any order of calls.
GeometricMatch MatchFeatures(const LocalFeatures& a, const LocalFeatures& b, const MatchOptions& options);

// True if MatchFeatures finds at least min_inliers.
bool ShowTheSame(const LocalFeatures& a, const LocalFeatures& b, const MatchOptions& options);

// A stage of a search (SearchOptions): the first of each ranking whose local features agree with the query's
// in one geometry come first, by the number of features that do; a ranking of which nothing fits stays as it
// is.
struct LocalStageOptions {
  static constexpr const char* kKind = "local";
  // The first that are looked at. At least 1.
  int64_t top = 50;
  FeatureOptions features;
  MatchOptions match;
};
void Declare(OptionsDescription& description, LocalStageOptions& options);

// Makes the stage "local" known to SearchOptions. To be called before options are read.
void RegisterLocalStage();

// Compares photos by their local features, and keeps those of the photos seen last. May be called from
// several threads.
class PhotoMatcher {
 public:
  PhotoMatcher(const FeatureOptions& features, const MatchOptions& match);

  // Features that fit one geometry, or 0 where there are fewer than the options ask for, or a photo cannot be
  // read. box: the part of `a` that is compared, pixels; the whole photo where there is none.
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
