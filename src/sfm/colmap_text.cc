// SPDX-License-Identifier: BSD-3-Clause
#include <utility>

#include "sfm/colmap_files.h"
#include "sfm/colmap_text_reader.h"
#include "util/check.h"
#include "util/file.h"

// The layout: COLMAP, doc/format.rst.
namespace vantage::sfm {
namespace {

namespace fs = std::filesystem;

std::map<CameraId, Camera> ReadCameras(const fs::path& path) {
  TextReader reader(path);
  std::map<CameraId, Camera> cameras;
  while (reader.NextLine(false)) {
    Camera camera;
    camera.id = CameraId{reader.Integer<uint32_t>("CAMERA_ID")};
    const CameraModel& model = CameraModelByName(reader.Word("MODEL"), reader.Place());
    camera.model_id = model.id;
    camera.width = reader.Integer<uint64_t>("WIDTH");
    camera.height = reader.Integer<uint64_t>("HEIGHT");
    for (int i = 0; i < model.parameter_count; ++i) camera.parameters.push_back(reader.Number("PARAMS"));
    VANTAGE_CHECK(!reader.HasMore(), reader.Place(), ": a ", model.name, " camera has ",
                  model.parameter_count, " parameters");
    cameras[camera.id] = std::move(camera);
  }
  return cameras;
}

std::map<ImageId, RegisteredImage> ReadImages(const fs::path& path) {
  TextReader reader(path);
  std::map<ImageId, RegisteredImage> images;
  while (reader.NextLine(false)) {
    RegisteredImage image;
    image.id = ImageId{reader.Integer<uint32_t>("IMAGE_ID")};
    image.cam_from_world = reader.ReadPose();
    image.camera = CameraId{reader.Integer<uint32_t>("CAMERA_ID")};
    image.name = reader.Rest("NAME");
    // The line of points may be missing for the last image. Exporters write such files, and COLMAP reads
    // them.
    const bool has_line = reader.NextLine(true);
    while (has_line && reader.HasMore()) {
      Observation observation;
      observation.x = reader.Number("X");
      observation.y = reader.Number("Y");
      observation.point = reader.Point();
      image.observations.push_back(observation);
    }
    images[image.id] = std::move(image);
  }
  return images;
}

std::map<PointId, ScenePoint> ReadPoints(const fs::path& path) {
  TextReader reader(path);
  std::map<PointId, ScenePoint> points;
  while (reader.NextLine(false)) {
    ScenePoint point;
    point.id = PointId{reader.Integer<uint64_t>("POINT3D_ID")};
    for (int k = 0; k < 3; ++k) point.position[k] = reader.Number("XYZ");
    for (uint8_t& channel : point.color) channel = reader.Integer<uint8_t>("RGB");
    point.error = reader.Number("ERROR");
    while (reader.HasMore()) {
      const auto image = ImageId{reader.Integer<uint32_t>("IMAGE_ID")};
      point.track.push_back({image, reader.Integer<uint32_t>("POINT2D_IDX")});
    }
    points[point.id] = std::move(point);
  }
  return points;
}

SensorId ReadSensor(TextReader& reader) {
  const std::string type = reader.Word("SENSOR_TYPE");
  VANTAGE_CHECK(type == "CAMERA" || type == "IMU", reader.Place(), ": a sensor of type '", type,
                "'; known are CAMERA and IMU");
  return {type == "CAMERA" ? SensorType::kCamera : SensorType::kImu, reader.Integer<uint32_t>("SENSOR_ID")};
}

std::map<RigId, Rig> ReadRigs(const fs::path& path) {
  TextReader reader(path);
  std::map<RigId, Rig> rigs;
  while (reader.NextLine(false)) {
    Rig rig;
    rig.id = RigId{reader.Integer<uint32_t>("RIG_ID")};
    const auto count = reader.Integer<uint32_t>("NUM_SENSORS");
    for (uint32_t i = 0; i < count; ++i) {
      RigSensor sensor{ReadSensor(reader), std::nullopt};
      if (i > 0 && reader.Integer<uint8_t>("HAS_POSE") != 0) sensor.sensor_from_rig = reader.ReadPose();
      rig.sensors.push_back(sensor);
    }
    VANTAGE_CHECK(!reader.HasMore(), reader.Place(), ": more than ", count, " sensors");
    rigs[rig.id] = std::move(rig);
  }
  return rigs;
}

std::map<FrameId, Frame> ReadFrames(const fs::path& path) {
  TextReader reader(path);
  std::map<FrameId, Frame> frames;
  while (reader.NextLine(false)) {
    Frame frame;
    frame.id = FrameId{reader.Integer<uint32_t>("FRAME_ID")};
    frame.rig = RigId{reader.Integer<uint32_t>("RIG_ID")};
    frame.rig_from_world = reader.ReadPose();
    const auto count = reader.Integer<uint32_t>("NUM_DATA_IDS");
    for (uint32_t i = 0; i < count; ++i) {
      const SensorId sensor = ReadSensor(reader);
      frame.data.push_back({sensor, reader.Integer<uint64_t>("DATA_ID")});
    }
    VANTAGE_CHECK(!reader.HasMore(), reader.Place(), ": more than ", count, " data ids");
    frames[frame.id] = std::move(frame);
  }
  return frames;
}

// " QW QX QY QZ TX TY TZ"
std::string PoseText(const Pose& pose) {
  const Eigen::Quaterniond& rotation = pose.rotation;
  const Eigen::Vector3d& translation = pose.translation;
  std::string text;
  for (const double value : {rotation.w(), rotation.x(), rotation.y(), rotation.z(), translation.x(),
                             translation.y(), translation.z()}) {
    text += " " + FormatShortest(value);
  }
  return text;
}

std::string SensorText(const SensorId& sensor) {
  return StrCat(sensor.type == SensorType::kCamera ? " CAMERA " : " IMU ", sensor.id);
}

}  // namespace

Reconstruction ReadTextModel(const fs::path& folder) {
  Reconstruction model;
  model.cameras = ReadCameras(folder / "cameras.txt");
  model.images = ReadImages(folder / "images.txt");
  model.points = ReadPoints(folder / "points3D.txt");
  if (fs::exists(folder / "rigs.txt")) model.rigs = ReadRigs(folder / "rigs.txt");
  if (fs::exists(folder / "frames.txt")) model.frames = ReadFrames(folder / "frames.txt");
  return model;
}

void WriteTextModel(const Reconstruction& reconstruction, const fs::path& folder) {
  std::string cameras = "# CAMERA_ID, MODEL, WIDTH, HEIGHT, PARAMS[]\n";
  for (const auto& [id, camera] : reconstruction.cameras) {
    cameras += StrCat(static_cast<uint32_t>(id), " ", CameraModelById(camera.model_id, "camera").name, " ",
                      camera.width, " ", camera.height);
    for (const double parameter : camera.parameters) cameras += " " + FormatShortest(parameter);
    cameras += "\n";
  }

  std::string images =
      "# IMAGE_ID, QW, QX, QY, QZ, TX, TY, TZ, CAMERA_ID, NAME\n"
      "# POINTS2D[] as (X, Y, POINT3D_ID)\n";
  for (const auto& [id, image] : reconstruction.images) {
    images += StrCat(static_cast<uint32_t>(id), PoseText(image.cam_from_world), " ",
                     static_cast<uint32_t>(image.camera), " ", image.name, "\n");
    const char* separator = "";
    for (const Observation& observation : image.observations) {
      images += StrCat(separator, FormatShortest(observation.x), " ", FormatShortest(observation.y), " ",
                       static_cast<int64_t>(observation.point));
      separator = " ";
    }
    images += "\n";
  }

  std::string points = "# POINT3D_ID, X, Y, Z, R, G, B, ERROR, TRACK[] as (IMAGE_ID, POINT2D_IDX)\n";
  for (const auto& [id, point] : reconstruction.points) {
    points += StrCat(static_cast<uint64_t>(id));
    for (int k = 0; k < 3; ++k) points += " " + FormatShortest(point.position[k]);
    for (const uint8_t channel : point.color) points += StrCat(" ", int{channel});
    points += " " + FormatShortest(point.error);
    for (const TrackElement& element : point.track) {
      points += StrCat(" ", static_cast<uint32_t>(element.image), " ", element.observation);
    }
    points += "\n";
  }
  WriteFile(folder / "cameras.txt", cameras);
  WriteFile(folder / "images.txt", images);
  WriteFile(folder / "points3D.txt", points);
}

void WriteTextRigs(const Reconstruction& reconstruction, const fs::path& folder) {
  std::string rigs =
      "# RIG_ID, NUM_SENSORS, REF_SENSOR_TYPE, REF_SENSOR_ID, "
      "SENSORS[] as (SENSOR_TYPE, SENSOR_ID, HAS_POSE, [QW, QX, QY, QZ, TX, TY, TZ])\n";
  for (const auto& [id, rig] : reconstruction.rigs) {
    rigs += StrCat(static_cast<uint32_t>(id), " ", rig.sensors.size());
    for (size_t k = 0; k < rig.sensors.size(); ++k) {
      const RigSensor& sensor = rig.sensors[k];
      rigs += SensorText(sensor.sensor);
      if (k > 0) rigs += sensor.sensor_from_rig ? " 1" + PoseText(*sensor.sensor_from_rig) : " 0";
    }
    rigs += "\n";
  }

  std::string frames =
      "# FRAME_ID, RIG_ID, RIG_FROM_WORLD[QW, QX, QY, QZ, TX, TY, TZ], NUM_DATA_IDS, "
      "DATA_IDS[] as (SENSOR_TYPE, SENSOR_ID, DATA_ID)\n";
  for (const auto& [id, frame] : reconstruction.frames) {
    frames += StrCat(static_cast<uint32_t>(id), " ", static_cast<uint32_t>(frame.rig),
                     PoseText(frame.rig_from_world), " ", frame.data.size());
    for (const FrameData& data : frame.data) frames += StrCat(SensorText(data.sensor), " ", data.id);
    frames += "\n";
  }
  WriteFile(folder / "rigs.txt", rigs);
  WriteFile(folder / "frames.txt", frames);
}

}  // namespace vantage::sfm
