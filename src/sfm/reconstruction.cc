// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/sfm/reconstruction.h"

#include <algorithm>
#include <cmath>

#include "vantage/util/error.h"

namespace vantage {
namespace {

// COLMAP, sensor/models.h.
constexpr std::array<CameraModel, 12> kCameraModels = {{
    {0, "SIMPLE_PINHOLE", 3, 1},
    {1, "PINHOLE", 4, 2},
    {2, "SIMPLE_RADIAL", 4, 1},
    {3, "RADIAL", 5, 1},
    {4, "OPENCV", 8, 2},
    {5, "OPENCV_FISHEYE", 8, 2},
    {6, "FULL_OPENCV", 12, 2},
    {7, "FOV", 5, 2},
    {8, "SIMPLE_RADIAL_FISHEYE", 4, 1},
    {9, "RADIAL_FISHEYE", 5, 1},
    {10, "THIN_PRISM_FISHEYE", 12, 2},
    {11, "RAD_TAN_THIN_PRISM_FISHEYE", 16, 2},
}};

std::string KnownModels() {
  std::vector<std::string> names;
  for (const CameraModel& model : kCameraModels) names.emplace_back(model.name);
  return Join(names, ", ");
}

}  // namespace

const CameraModel& CameraModelById(int id, const std::string& source) {
  for (const CameraModel& model : kCameraModels) {
    if (model.id == id) return model;
  }
  throw Error(StrCat(source, ": unknown camera model ", id, "; known are 0 to ", kCameraModels.back().id));
}

const CameraModel& CameraModelByName(const std::string& name, const std::string& source) {
  for (const CameraModel& model : kCameraModels) {
    if (model.name == name) return model;
  }
  throw Error(StrCat(source, ": unknown camera model '", name, "'; known are ", KnownModels()));
}

double Camera::MeanFocalLength() const {
  const CameraModel& model = CameraModelById(model_id, "camera");
  double sum = 0;
  for (int i = 0; i < model.focal_length_count; ++i) sum += parameters[static_cast<size_t>(i)];
  return sum / model.focal_length_count;
}

ReconstructionSummary Summarize(const Reconstruction& reconstruction) {
  ReconstructionSummary summary;
  summary.images = static_cast<int64_t>(reconstruction.images.size());
  summary.points = static_cast<int64_t>(reconstruction.points.size());
  if (summary.points == 0) return summary;
  for (const auto& [id, point] : reconstruction.points) {
    summary.mean_track_length += static_cast<double>(point.track.size());
    summary.mean_reprojection_error += point.error;
  }
  summary.mean_track_length /= static_cast<double>(summary.points);
  summary.mean_reprojection_error /= static_cast<double>(summary.points);
  return summary;
}

Similarity AlignPoints(const std::vector<Eigen::Vector3d>& from, const std::vector<Eigen::Vector3d>& to) {
  VANTAGE_CHECK(from.size() == to.size() && from.size() >= 3, "an alignment needs three or more points, not ",
                from.size());
  Eigen::Matrix3Xd from_3N(3, from.size());
  Eigen::Matrix3Xd to_3N(3, to.size());
  for (size_t i = 0; i < from.size(); ++i) {
    from_3N.col(static_cast<Eigen::Index>(i)) = from[i];
    to_3N.col(static_cast<Eigen::Index>(i)) = to[i];
  }
  const Eigen::Matrix4d transform = Eigen::umeyama(from_3N, to_3N, /*with_scaling=*/true);
  VANTAGE_CHECK(transform.allFinite(), "the points to align coincide");
  Similarity similarity;
  similarity.scale = transform.block<3, 1>(0, 0).norm();
  similarity.rotation = transform.block<3, 3>(0, 0) / similarity.scale;
  similarity.translation = transform.block<3, 1>(0, 3);
  return similarity;
}

std::vector<double> CameraCenterErrors(const Reconstruction& model, const Reconstruction& truth) {
  std::map<std::string, Eigen::Vector3d> true_centers;
  for (const auto& [id, image] : truth.images) true_centers[image.name] = image.cam_from_world.Center();
  std::vector<Eigen::Vector3d> from;
  std::vector<Eigen::Vector3d> to;
  for (const auto& [id, image] : model.images) {
    const auto found = true_centers.find(image.name);
    if (found == true_centers.end()) continue;
    from.push_back(image.cam_from_world.Center());
    to.push_back(found->second);
  }
  const Similarity similarity = AlignPoints(from, to);
  std::vector<double> errors;
  for (size_t i = 0; i < from.size(); ++i) errors.push_back((similarity * from[i] - to[i]).norm());
  return errors;
}

}  // namespace vantage
