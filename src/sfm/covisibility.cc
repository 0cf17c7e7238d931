// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/colmap.h"

#include <algorithm>

#include "util/check.h"
#include "util/index.h"

namespace vantage {
namespace {

double Median(std::vector<double> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) return *middle;
  return (*middle + *std::max_element(values.begin(), middle)) / 2;
}

}  // namespace

CovisibilityIndex::CovisibilityIndex(const Reconstruction& reconstruction) {
  for (const auto& [id, image] : reconstruction.images) {
    centers_[id] = image.cam_from_world.Center();
    const double focal_length = reconstruction.cameras.at(image.camera).RelativeFocalLength();
    std::vector<SeenPoint>& seen = points_[id];
    for (const Observation& observation : image.observations) {
      if (observation.point == kNoPoint) continue;
      const Eigen::Vector3d in_camera =
          image.cam_from_world * reconstruction.points.at(observation.point).position;
      const bool usable = in_camera.z() > 0 && focal_length > 0;
      seen.push_back({observation.point, usable ? in_camera.z() / focal_length : 0});
    }
    const auto by_point = [](const SeenPoint& a, const SeenPoint& b) { return a.point < b.point; };
    std::sort(seen.begin(), seen.end(), by_point);
    // A point may be observed twice in one image.
    const auto same = [](const SeenPoint& a, const SeenPoint& b) { return a.point == b.point; };
    seen.erase(std::unique(seen.begin(), seen.end(), same), seen.end());
  }
}

int64_t CovisibilityIndex::PointCount(ImageId image) const {
  return static_cast<int64_t>(points_.at(image).size());
}

Covisibility CovisibilityIndex::Between(ImageId a, ImageId b) const {
  const std::vector<SeenPoint>& of_a = points_.at(a);
  const std::vector<SeenPoint>& of_b = points_.at(b);
  Covisibility covisibility;
  std::vector<double> ratios;
  for (size_t i = 0, j = 0; i < of_a.size() && j < of_b.size();) {
    if (of_a[i].point < of_b[j].point) {
      ++i;
    } else if (of_b[j].point < of_a[i].point) {
      ++j;
    } else {
      ++covisibility.shared_points;
      if (of_a[i].scale > 0 && of_b[j].scale > 0) ratios.push_back(of_a[i].scale / of_b[j].scale);
      ++i;
      ++j;
    }
  }
  covisibility.scale_change = Median(std::move(ratios));
  return covisibility;
}

std::vector<ImageId> CovisibilityIndex::NearestCameras(ImageId image, int64_t count) const {
  const Eigen::Vector3d& center = centers_.at(image);
  std::vector<std::pair<double, ImageId>> others;
  for (const auto& [id, other_center] : centers_) {
    if (id != image) others.emplace_back((other_center - center).norm(), id);
  }
  const auto kept = ToIndex(std::clamp<int64_t>(count, 0, std::ssize(others)));
  std::partial_sort(others.begin(), others.begin() + static_cast<std::ptrdiff_t>(kept), others.end());
  std::vector<ImageId> nearest;
  for (size_t i = 0; i < kept; ++i) nearest.push_back(others[i].second);
  return nearest;
}

std::vector<CovisiblePair> CovisiblePairs(const Reconstruction& reconstruction, int64_t min_shared_points) {
  VANTAGE_CHECK(min_shared_points >= 1, "covisible pairs of ", min_shared_points, " shared points");
  std::vector<const std::string*> names;
  std::map<ImageId, size_t> place_of;
  for (const auto& [id, image] : reconstruction.images) {
    place_of[id] = names.size();
    names.push_back(&image.name);
  }
  // The images that see each point, in their order, and the points that each image sees.
  std::vector<std::vector<size_t>> seen_by;
  std::vector<std::vector<size_t>> points_of(names.size());
  for (const auto& [id, point] : reconstruction.points) {
    std::vector<size_t>& images = seen_by.emplace_back();
    for (const TrackElement& element : point.track) images.push_back(place_of.at(element.image));
    std::sort(images.begin(), images.end());
    images.erase(std::unique(images.begin(), images.end()), images.end());
    for (const size_t image : images) points_of[image].push_back(seen_by.size() - 1);
  }
  // Counts for one image at a time, so that memory is linear in the model and the pairs that are returned.
  std::vector<CovisiblePair> pairs;
  std::vector<int64_t> shared(names.size());
  for (size_t a = 0; a < names.size(); ++a) {
    std::vector<size_t> others;
    for (const size_t point : points_of[a]) {
      const std::vector<size_t>& images = seen_by[point];
      for (auto b = std::upper_bound(images.begin(), images.end(), a); b != images.end(); ++b) {
        if (++shared[*b] == 1) others.push_back(*b);
      }
    }
    std::sort(others.begin(), others.end());
    for (const size_t b : others) {
      if (shared[b] >= min_shared_points) pairs.push_back({*names[a], *names[b], shared[b]});
      shared[b] = 0;
    }
  }
  return pairs;
}

}  // namespace vantage
