// SPDX-License-Identifier: BSD-3-Clause
#include "synthetic/views.h"

#include <Eigen/Geometry>
#include <algorithm>
#include <cmath>
#include <numbers>

namespace vantage::synthetic {
namespace {

constexpr double kDegree = std::numbers::pi / 180;
constexpr double kFarthest = 48;     // metres; the town begins beyond
constexpr double kLeastSeen = 0.22;  // share of a photo that shows the landmark
constexpr double kLeastSlant = 11 * kDegree;
constexpr int kTries = 40;

Pose LookAt(const Eigen::Vector3d& center, const Eigen::Vector3d& target, double roll) {
  const Eigen::Vector3d forward = (target - center).normalized();
  const Eigen::Vector3d right = forward.cross(Eigen::Vector3d::UnitZ()).normalized();
  Eigen::Matrix3d rotation;
  rotation.row(0) = right.transpose();
  rotation.row(1) = forward.cross(right).transpose();
  rotation.row(2) = forward.transpose();
  Pose pose;
  pose.rotation = Eigen::AngleAxisd(roll, Eigen::Vector3d::UnitZ()) * Eigen::Quaterniond(rotation);
  pose.rotation.normalize();
  pose.translation = -(pose.rotation * center);
  return pose;
}

// Moves directions away from the middle of the arc. A flat front seen square-on does not determine the focal
// length, and structure-from-motion would fail.
double Oblique(double azimuth, double half_arc) {
  const double least = std::min(kLeastSlant, 0.5 * half_arc);
  return std::copysign(least + std::abs(azimuth) * (1 - least / half_arc), azimuth);
}

View DrawView(const Place& place, const SyntheticViewOptions& options, double azimuth, double zoom,
              int image_size, RandomStream& random) {
  View view;
  const bool portrait = random.Chance(0.25);
  const int shorter =
      std::max(1, static_cast<int>(std::lround(image_size * (random.Chance(0.3) ? 2.0 / 3 : 0.75))));
  view.width = portrait ? shorter : image_size;
  view.height = portrait ? image_size : shorter;
  // Whole millimetres of a camera whose longer side is 35, which EXIF can store exactly.
  view.focal = image_size * (26 + static_cast<double>(random.Below(15))) / 35;

  // Width of the longer side's field at the landmark, in metres; gives the distance.
  const double field = 2 * place.radius * zoom;
  const double wanted = field * view.focal / image_size;
  const double distance = std::clamp(0.55 * place.radius + wanted, 0.8 * place.radius + 3, kFarthest);
  const Eigen::Vector3d direction(std::sin(azimuth), -std::cos(azimuth), 0);
  const double eye = random.Chance(0.6) ? random.Uniform(1.4, 1.9) : random.Uniform(2, 8);
  const Eigen::Vector3d center = distance * direction + Eigen::Vector3d(0, 0, eye);

  // A narrow field looks at any part of the landmark, a wide one at its middle.
  const double stray = std::clamp(1.1 - zoom, 0.1, 0.7) * place.radius;
  const Eigen::Vector3d side(direction.y(), -direction.x(), 0);
  const double height = std::clamp(0.42 + (1 - zoom) * random.Uniform(-0.35, 0.45), 0.12, 0.9) * place.height;
  const Eigen::Vector3d target =
      0.3 * place.radius * direction + random.Uniform(-1, 1) * stray * side + Eigen::Vector3d(0, 0, height);
  const double roll = random.Normal() * 1.5 * kDegree * options.sensor;
  view.cam_from_world = LookAt(center, target, roll);
  return view;
}

// Whether a camera can be at the point, `distance` away from walls and less from small things.
bool IsFreeOfScene(const Place& place, const Eigen::Vector3d& point, double distance) {
  return std::none_of(place.obstacles.begin(), place.obstacles.end(), [&](const Obstacle& obstacle) {
    const double size = (obstacle.high - obstacle.low).head<2>().maxCoeff();
    return obstacle.Contains(point, std::max(1.0, std::min(distance, 0.5 * size)));
  });
}

// The part of the photo that shows the landmark.
double LandmarkShare(const Place& place, const View& view) {
  const View small = Reduced(view, 60);
  std::vector<ProjectedSurface> projected;
  for (const Surface& surface : place.surfaces) projected.push_back(ProjectSurface(surface, small));
  const ItemBuffer buffer = Rasterize(place.surfaces, projected, {}, small, 1);
  const auto seen = std::count_if(buffer.items.begin(), buffer.items.end(), [&](uint16_t item) {
    return item != kNoItem && place.surfaces[item].kind == SurfaceKind::kLandmark;
  });
  return static_cast<double>(seen) / static_cast<double>(buffer.items.size());
}

}  // namespace

View Reduced(const View& view, int size) {
  const double scale = std::min(1.0, static_cast<double>(size) / std::max(view.width, view.height));
  View small = view;
  small.width = std::max(1, static_cast<int>(std::lround(view.width * scale)));
  small.height = std::max(1, static_cast<int>(std::lround(view.height * scale)));
  small.focal = view.focal * scale;
  return small;
}

std::vector<View> DrawViews(const Place& place, const SyntheticViewOptions& options, int count,
                            int image_size, RandomStream& random) {
  std::vector<View> views;
  for (int i = 0; i < count; ++i) {
    View best;
    double best_share = -1;
    for (int attempt = 0; attempt < kTries && best_share < kLeastSeen; ++attempt) {
      const double place_on_arc = (i + random.Uniform(0.25, 0.75)) / count - 0.5;
      const double azimuth = Oblique(options.arc * kDegree * place_on_arc, 0.5 * options.arc * kDegree);
      // Two of three photos are wide, so that the photos of a landmark overlap enough.
      const double narrowing = i % 3 != 1 ? random.Uniform(0, 0.3) : random.Uniform(0.1, 1);
      const double zoom = 1.2 * std::pow(options.zoom, -narrowing);
      const View view = DrawView(place, options, azimuth, zoom, image_size, random);
      // Allows less room for narrow fields, and after many failed attempts.
      const double room = 0.4 * zoom * 2 * place.radius * (kTries - attempt) / kTries;
      if (!IsFreeOfScene(place, view.cam_from_world.Center(), room)) continue;
      const double share = LandmarkShare(place, view);
      if (share <= best_share) continue;
      best = view;
      best_share = share;
    }
    views.push_back(best);
  }
  return views;
}

}  // namespace vantage::synthetic
