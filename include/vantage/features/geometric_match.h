// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <vector>

#include "vantage/config/options_description.h"
#include "vantage/features/local_features.h"

namespace vantage {

struct MatchOptions {
  // A feature matches its nearest where that is nearer than this share of the distance to the second nearest,
  // both ways. (0, 1].
  double max_ratio = 0.8;  // Lowe 2004, section 7.1
  // An inlier lies at most this far from its epipolar line, as a share of the photo's longest side; from
  // where a homography puts it at most twice as far, since buildings are only nearly flat. (0, 1).
  double max_error = 0.006;
  // So many inliers say that two photos show the same thing. At least 8. Of 7100 pairs of photos of different
  // things none had more than 9; of 330 pairs of one landmark, most from different sides, 26 % had 10
  // (docs/geometric-matching.md).
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

}  // namespace vantage
