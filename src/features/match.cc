// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <limits>
#include <opencv2/calib3d.hpp>
#include <opencv2/core.hpp>

#include "vantage/matching.h"

#include "util/index.h"

namespace vantage {
namespace {

// A feature's two nearest features in the other photo, by squared distance.
struct Nearest {
  int32_t index = -1;
  int32_t first = std::numeric_limits<int32_t>::max();
  int32_t second = std::numeric_limits<int32_t>::max();

  void Offer(int32_t candidate, int32_t distance) {
    if (distance < first) {
      second = first;
      first = distance;
      index = candidate;
    } else if (distance < second) {
      second = distance;
    }
  }
  bool IsDistinct(double max_ratio) const {
    return static_cast<double>(first) < max_ratio * max_ratio * static_cast<double>(second);
  }
};

// Integer sums are exact in any order.
int32_t SquaredDistance(const SiftDescriptor& a, const SiftDescriptor& b) {
  int32_t sum = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    const int32_t difference = int32_t{a[i]} - int32_t{b[i]};
    sum += difference * difference;
  }
  return sum;
}

std::vector<FeatureMatch> TentativeMatches(const LocalFeatures& a, const LocalFeatures& b, double max_ratio) {
  std::vector<Nearest> of_a(a.size());
  std::vector<Nearest> of_b(b.size());
  for (size_t i = 0; i < a.size(); ++i) {
    for (size_t j = 0; j < b.size(); ++j) {
      const int32_t distance = SquaredDistance(a.descriptors[i], b.descriptors[j]);
      of_a[i].Offer(static_cast<int32_t>(j), distance);
      of_b[j].Offer(static_cast<int32_t>(i), distance);
    }
  }
  std::vector<FeatureMatch> matches;
  for (size_t i = 0; i < a.size(); ++i) {
    if (of_a[i].index < 0 || !of_a[i].IsDistinct(max_ratio)) continue;
    const Nearest& back = of_b[ToIndex(of_a[i].index)];
    if (back.index == static_cast<int32_t>(i) && back.IsDistinct(max_ratio)) {
      matches.push_back({static_cast<int32_t>(i), of_a[i].index});
    }
  }
  return matches;
}

// The keypoint's position in units of the photo's longest side.
cv::Point2d Place(const LocalFeatures& features, int32_t index) {
  const Keypoint& keypoint = features.keypoints[ToIndex(index)];
  const double longest = std::max(1, std::max(features.width, features.height));
  return {keypoint.x / longest, keypoint.y / longest};
}

std::vector<FeatureMatch> Inliers(const std::vector<FeatureMatch>& matches,
                                  const std::vector<uint8_t>& is_inlier) {
  std::vector<FeatureMatch> inliers;
  for (size_t i = 0; i < std::min(matches.size(), is_inlier.size()); ++i) {
    if (is_inlier[i] != 0) inliers.push_back(matches[i]);
  }
  return inliers;
}

bool IsAtBorder(const LocalFeatures& features, int32_t index) {
  constexpr double kBorder = 0.1;  // of the longest side
  const Keypoint& keypoint = features.keypoints[ToIndex(index)];
  const double border = kBorder * std::max(features.width, features.height);
  return keypoint.x < border || keypoint.y < border || keypoint.x > features.width - border ||
         keypoint.y > features.height - border;
}

// Agencies print their name, and cameras the date, at the same place of all photos. The thresholds are
// COLMAP's. COLMAP also requires that the photos differ by a translation only; here they may also differ in
// size.
bool IsWatermark(const LocalFeatures& a, const LocalFeatures& b, const std::vector<FeatureMatch>& inliers) {
  constexpr double kMinShare = 0.7;
  const auto at_border = std::count_if(inliers.begin(), inliers.end(), [&](const FeatureMatch& match) {
    return IsAtBorder(a, match.a) && IsAtBorder(b, match.b);
  });
  return static_cast<double>(at_border) >= kMinShare * static_cast<double>(inliers.size());
}

void FindGeometry(const LocalFeatures& a, const LocalFeatures& b, double max_error, GeometricMatch& match) {
  constexpr size_t kFewestMatches = 8;
  constexpr double kConfidence = 0.99;
  constexpr int kMaxIterations = 2000;
  // Scales points to pixels of a photo of a usual size, since OpenCV also has thresholds in pixels of its
  // own.
  constexpr double kSide = 640;
  if (match.tentative.size() < kFewestMatches) return;
  std::vector<cv::Point2d> from;
  std::vector<cv::Point2d> to;
  for (const FeatureMatch& m : match.tentative) {
    from.push_back(kSide * Place(a, m.a));
    to.push_back(kSide * Place(b, m.b));
  }
  const auto consider = [&](MatchGeometry geometry, const auto& estimate) {
    std::vector<uint8_t> is_inlier;
    try {
      estimate(is_inlier);
    } catch (const cv::Exception&) {
      return;  // degenerate points, for example many at one place
    }
    std::vector<FeatureMatch> inliers = Inliers(match.tentative, is_inlier);
    if (inliers.size() <= match.inliers.size() || IsWatermark(a, b, inliers)) return;
    match.inliers = std::move(inliers);
    match.geometry = geometry;
  };
  // Both estimators seed their own random generator at each call, so results are reproducible.
  consider(MatchGeometry::kFundamental, [&](std::vector<uint8_t>& is_inlier) {
    cv::findFundamentalMat(from, to, cv::USAC_DEFAULT, kSide * max_error, kConfidence, kMaxIterations,
                           is_inlier);
  });
  consider(MatchGeometry::kHomography, [&](std::vector<uint8_t>& is_inlier) {
    cv::findHomography(from, to, cv::USAC_DEFAULT, 2 * kSide * max_error, is_inlier, kMaxIterations,
                       kConfidence);
  });
}

}  // namespace

void Declare(OptionsDescription& description, MatchOptions& options) {
  description
      .Add("max_ratio", options.max_ratio,
           "A feature matches its nearest if that is nearer than this share of the distance to the second "
           "nearest")
      .Range(0, 1)
      .Above(0);
  description
      .Add("max_error", options.max_error,
           "Largest distance of an inlier from its epipolar line, as a share of the photo's longest side")
      .Range(0, 1)
      .Above(0);
  description.Add("min_inliers", options.min_inliers, "Fewest inliers of two photos that show the same thing")
      .AtLeast(8);
}

GeometricMatch MatchFeatures(const LocalFeatures& a, const LocalFeatures& b, const MatchOptions& options) {
  CheckOptions(options);
  GeometricMatch match;
  match.tentative = TentativeMatches(a, b, options.max_ratio);
  FindGeometry(a, b, options.max_error, match);
  return match;
}

bool ShowTheSame(const LocalFeatures& a, const LocalFeatures& b, const MatchOptions& options) {
  return static_cast<int64_t>(MatchFeatures(a, b, options).inliers.size()) >= options.min_inliers;
}

}  // namespace vantage
