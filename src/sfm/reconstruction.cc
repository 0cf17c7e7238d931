// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/colmap.h"

#include <algorithm>

#include "util/index.h"
#include "util/string.h"
#include "vantage/error.h"

namespace vantage {
namespace {

// COLMAP up to 4.x, sensor/models.h.
constexpr std::array<CameraModel, 18> kCameraModels = {{
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
    {12, "SIMPLE_DIVISION", 4, 1},
    {13, "DIVISION", 5, 2},
    {14, "SIMPLE_FISHEYE", 3, 1},
    {15, "FISHEYE", 4, 2},
    {16, "EUCM", 6, 2},
    {17, "EQUIRECTANGULAR", 2, 0},
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
  if (model.focal_length_count == 0) return 0;
  double sum = 0;
  for (int i = 0; i < model.focal_length_count; ++i) sum += parameters[ToIndex(i)];
  return sum / model.focal_length_count;
}

double Camera::RelativeFocalLength() const {
  const uint64_t longest_side = std::max(width, height);
  return longest_side == 0 ? 0 : MeanFocalLength() / static_cast<double>(longest_side);
}

ReconstructionSummary Summarize(const Reconstruction& reconstruction) {
  ReconstructionSummary summary;
  summary.images = std::ssize(reconstruction.images);
  summary.points = std::ssize(reconstruction.points);
  if (summary.points == 0) return summary;
  for (const auto& [id, point] : reconstruction.points) {
    summary.mean_track_length += static_cast<double>(point.track.size());
    summary.mean_reprojection_error += point.error;
  }
  summary.mean_track_length /= static_cast<double>(summary.points);
  summary.mean_reprojection_error /= static_cast<double>(summary.points);
  return summary;
}

}  // namespace vantage
