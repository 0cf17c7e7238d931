// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <Eigen/Core>
#include <Eigen/Geometry>
#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace vantage {

// COLMAP's identifiers; numbers of one kind are never taken for those of another.
enum class CameraId : uint32_t {};
enum class ImageId : uint32_t {};
enum class PointId : uint64_t {};
enum class RigId : uint32_t {};
enum class FrameId : uint32_t {};
// What an observation without a 3D point holds.
inline constexpr PointId kNoPoint{UINT64_MAX};

// One of COLMAP's camera models: its parameters start with the focal length (or two), then the principal
// point; panoramas have neither.
struct CameraModel {
  int id = 0;
  const char* name = "";
  int parameter_count = 0;
  int focal_length_count = 1;
};

// The model of that id or name; throws Error that names `source` and lists the known ones.
const CameraModel& CameraModelById(int id, const std::string& source);
const CameraModel& CameraModelByName(const std::string& name, const std::string& source);

struct Camera {
  CameraId id{};
  int model_id = 0;
  uint64_t width = 0;  // pixels
  uint64_t height = 0;
  std::vector<double> parameters;  // of the model, pixels where they are lengths

  // Pixels; the mean where the model has two, 0 where it has none.
  double MeanFocalLength() const;

  // MeanFocalLength() / max(width, height): the same for all copies of a photo, whatever their size. 0 if the
  // model has no focal length or the size is not known.
  double RelativeFocalLength() const;
};

// Maps points from the world to the camera's frame: x_camera = R x_world + t. The camera looks along its +z.
struct Pose {
  Eigen::Quaterniond rotation = Eigen::Quaterniond::Identity();
  Eigen::Vector3d translation = Eigen::Vector3d::Zero();

  Eigen::Vector3d operator*(const Eigen::Vector3d& point) const { return rotation * point + translation; }
  // First the other, then this.
  Pose operator*(const Pose& other) const {
    return {rotation * other.rotation, rotation * other.translation + translation};
  }
  // Where the camera stands in the world: -R^T t.
  Eigen::Vector3d Center() const { return -(rotation.conjugate() * translation); }
};

// A feature of an image.
struct Observation {
  double x = 0;  // pixels from the top left corner of the image
  double y = 0;
  PointId point = kNoPoint;
};

struct RegisteredImage {
  ImageId id{};
  CameraId camera{};
  std::string name;  // path relative to the folder of photos
  Pose cam_from_world;
  std::vector<Observation> observations;
};

struct TrackElement {
  ImageId image{};
  uint32_t observation = 0;  // index into the image's observations
};

struct ScenePoint {
  PointId id{};
  Eigen::Vector3d position = Eigen::Vector3d::Zero();
  std::array<uint8_t, 3> color{};
  double error = 0;  // mean reprojection error, pixels
  std::vector<TrackElement> track;
};

// COLMAP's numbers.
enum class SensorType : int32_t { kCamera = 0, kImu = 1 };

struct SensorId {
  SensorType type = SensorType::kCamera;
  uint32_t id = 0;  // of the camera where it is one

  bool operator==(const SensorId&) const = default;
};

struct RigSensor {
  SensorId sensor;
  std::optional<Pose> sensor_from_rig;  // nothing: not known, or the reference sensor
};

// Sensors that are fixed to each other; the first is the reference sensor, whose coordinates are the rig's.
struct Rig {
  RigId id{};
  std::vector<RigSensor> sensors;
};

struct FrameData {
  SensorId sensor;
  uint64_t id = 0;  // of the image where the sensor is a camera
};

// What a rig took at one time. COLMAP 3.12 and later has each camera in a rig, and each image in a frame.
struct Frame {
  FrameId id{};
  RigId rig{};
  Pose rig_from_world;
  std::vector<FrameData> data;
};

// A sparse model: what structure-from-motion found of a scene.
struct Reconstruction {
  std::map<CameraId, Camera> cameras;
  std::map<ImageId, RegisteredImage> images;
  std::map<PointId, ScenePoint> points;
  std::map<RigId, Rig> rigs;  // empty where COLMAP was older than 3.12, or the model comes from elsewhere
  std::map<FrameId, Frame> frames;
};

// What is worth telling of a model.
struct ReconstructionSummary {
  int64_t images = 0;
  int64_t points = 0;
  double mean_track_length = 0;
  double mean_reprojection_error = 0;  // pixels, over points
};
ReconstructionSummary Summarize(const Reconstruction& reconstruction);

// The similarity x -> scale * R x + t that brings `from` nearest to `to` in the least-squares sense (Umeyama
// 1991). At least three points, not all on a line. Throws Error otherwise.
struct Similarity {
  double scale = 1;
  Eigen::Matrix3d rotation = Eigen::Matrix3d::Identity();
  Eigen::Vector3d translation = Eigen::Vector3d::Zero();

  Eigen::Vector3d operator*(const Eigen::Vector3d& point) const {
    return scale * (rotation * point) + translation;
  }
};
Similarity AlignPoints(const std::vector<Eigen::Vector3d>& from, const std::vector<Eigen::Vector3d>& to);

// Distances, after AlignPoints, between the camera centres of images that both models hold under the same
// name, in units of `truth`.
std::vector<double> CameraCenterErrors(const Reconstruction& model, const Reconstruction& truth);

}  // namespace vantage
