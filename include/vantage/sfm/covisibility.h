// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "vantage/sfm/reconstruction.h"

namespace vantage {

// How two images of a model see the same thing.
struct Covisibility {
  int64_t shared_points = 0;  // 3D points that both observe
  // Median over the shared points of (depth_a / f_a) / (depth_b / f_b), above 1 if a sees them smaller (TPAMI
  // 2019, section 4.2). f: the camera's RelativeFocalLength, since the network sees all photos at one size: a
  // copy of a view in another size has the scale change 1. 0 if it is not known: a point behind a camera, or
  // no focal length.
  double scale_change = 0;
};

// Which 3D points each image observes, and in what scale.
class CovisibilityIndex {
 public:
  explicit CovisibilityIndex(const Reconstruction& reconstruction);

  // |P(image)|: points that the image observes.
  int64_t PointCount(ImageId image) const;

  Covisibility Between(ImageId a, ImageId b) const;

  // The other images by the distance of their camera centres to the image's, nearest first, at most `count`;
  // equal distances by id.
  std::vector<ImageId> NearestCameras(ImageId image, int64_t count) const;

 private:
  struct SeenPoint {
    PointId point{};
    double scale = 0;  // depth / relative focal length
  };

  std::map<ImageId, std::vector<SeenPoint>> points_;  // sorted by point
  std::map<ImageId, Eigen::Vector3d> centers_;
};

// Two images of a model that observe at least so many of the same points.
struct CovisiblePair {
  std::string a;  // the names of the images, a has the lower id
  std::string b;
  int64_t shared_points = 0;
};

// All such pairs, in the order of the ids. min_shared_points: at least 1.
std::vector<CovisiblePair> CovisiblePairs(const Reconstruction& reconstruction, int64_t min_shared_points);

}  // namespace vantage
