// SPDX-License-Identifier: BSD-3-Clause
#include <utility>

#include "sfm/colmap_binary_reader.h"
#include "sfm/colmap_files.h"
#include "util/file.h"
#include "vantage/error.h"

// The layout: COLMAP, doc/format.rst and scene/reconstruction_io.cc. Numbers are little-endian.
namespace vantage::sfm {
namespace {

namespace fs = std::filesystem;

// Reads a file of records of at least `record_size` bytes each, by their ids. read: fills one record.
template <typename Id, typename Record, typename Read>
std::map<Id, Record> ReadRecords(const fs::path& path, const char* kind, uint64_t record_size,
                                 const Read& read) {
  BinaryReader reader(path);
  const uint64_t count = reader.ReadCount(record_size);
  std::map<Id, Record> records;
  for (uint64_t i = 0; i < count; ++i) {
    reader.Enter(kind, i);
    Record record;
    read(reader, record);
    const Id id = record.id;
    records[id] = std::move(record);
  }
  reader.ExpectEnd();
  return records;
}

std::map<CameraId, Camera> ReadCameras(const fs::path& path) {
  return ReadRecords<CameraId, Camera>(path, "camera", 24, [](BinaryReader& reader, Camera& camera) {
    camera.id = CameraId{reader.Read<uint32_t>()};
    camera.model_id = reader.Read<int32_t>();
    camera.width = reader.Read<uint64_t>();
    camera.height = reader.Read<uint64_t>();
    const CameraModel& model = CameraModelById(camera.model_id, reader.Place());
    for (int p = 0; p < model.parameter_count; ++p) camera.parameters.push_back(reader.ReadFinite());
  });
}

std::map<ImageId, RegisteredImage> ReadImages(const fs::path& path) {
  return ReadRecords<ImageId, RegisteredImage>(path, "image", 73,
                                               [](BinaryReader& reader, RegisteredImage& image) {
                                                 image.id = ImageId{reader.Read<uint32_t>()};
                                                 image.cam_from_world = reader.ReadPose();
                                                 image.camera = CameraId{reader.Read<uint32_t>()};
                                                 image.name = reader.ReadName();
                                                 const uint64_t observations = reader.ReadCount(24);
                                                 image.observations.resize(observations);
                                                 for (Observation& observation : image.observations) {
                                                   observation.x = reader.Read<double>();
                                                   observation.y = reader.Read<double>();
                                                   observation.point = PointId{reader.Read<uint64_t>()};
                                                 }
                                               });
}

SensorId ReadSensor(BinaryReader& reader) {
  const auto type = reader.Read<int32_t>();
  if (type != static_cast<int32_t>(SensorType::kCamera) && type != static_cast<int32_t>(SensorType::kImu)) {
    reader.Fail(StrCat("a sensor of type ", type, "; known are 0 (camera) and 1 (IMU)"));
  }
  return {static_cast<SensorType>(type), reader.Read<uint32_t>()};
}

std::map<RigId, Rig> ReadRigs(const fs::path& path) {
  return ReadRecords<RigId, Rig>(path, "rig", 8, [](BinaryReader& reader, Rig& rig) {
    rig.id = RigId{reader.Read<uint32_t>()};
    rig.sensors.resize(reader.ReadCount<uint32_t>(8));
    for (size_t k = 0; k < rig.sensors.size(); ++k) {
      RigSensor& sensor = rig.sensors[k];
      sensor.sensor = ReadSensor(reader);
      if (k == 0) continue;
      if (reader.Read<uint8_t>() != 0) sensor.sensor_from_rig = reader.ReadPose();
    }
  });
}

std::map<FrameId, Frame> ReadFrames(const fs::path& path) {
  return ReadRecords<FrameId, Frame>(path, "frame", 68, [](BinaryReader& reader, Frame& frame) {
    frame.id = FrameId{reader.Read<uint32_t>()};
    frame.rig = RigId{reader.Read<uint32_t>()};
    frame.rig_from_world = reader.ReadPose();
    frame.data.resize(reader.ReadCount<uint32_t>(16));
    for (FrameData& data : frame.data) {
      data.sensor = ReadSensor(reader);
      data.id = reader.Read<uint64_t>();
    }
  });
}

std::map<PointId, ScenePoint> ReadPoints(const fs::path& path) {
  return ReadRecords<PointId, ScenePoint>(path, "point", 51, [](BinaryReader& reader, ScenePoint& point) {
    point.id = PointId{reader.Read<uint64_t>()};
    for (int k = 0; k < 3; ++k) point.position[k] = reader.ReadFinite();
    for (uint8_t& channel : point.color) channel = reader.Read<uint8_t>();
    point.error = reader.Read<double>();
    const uint64_t length = reader.ReadCount(8);
    point.track.resize(length);
    for (TrackElement& element : point.track) {
      element.image = ImageId{reader.Read<uint32_t>()};
      element.observation = reader.Read<uint32_t>();
    }
  });
}

template <typename T>
void Put(AtomicFile& file, T value) {
  file.Write(&value, sizeof(T));
}

void PutPose(AtomicFile& file, const Pose& pose) {
  const Eigen::Quaterniond& rotation = pose.rotation;
  for (const double value : {rotation.w(), rotation.x(), rotation.y(), rotation.z()}) Put(file, value);
  for (int k = 0; k < 3; ++k) Put(file, pose.translation[k]);
}

void PutSensor(AtomicFile& file, const SensorId& sensor) {
  Put(file, static_cast<int32_t>(sensor.type));
  Put(file, sensor.id);
}

}  // namespace

Reconstruction ReadBinaryModel(const fs::path& folder) {
  Reconstruction model;
  model.cameras = ReadCameras(folder / "cameras.bin");
  model.images = ReadImages(folder / "images.bin");
  model.points = ReadPoints(folder / "points3D.bin");
  if (fs::exists(folder / "rigs.bin")) model.rigs = ReadRigs(folder / "rigs.bin");
  if (fs::exists(folder / "frames.bin")) model.frames = ReadFrames(folder / "frames.bin");
  return model;
}

void WriteBinaryModel(const Reconstruction& reconstruction, const fs::path& folder) {
  AtomicFile cameras(folder / "cameras.bin");
  Put<uint64_t>(cameras, reconstruction.cameras.size());
  for (const auto& [id, camera] : reconstruction.cameras) {
    Put(cameras, static_cast<uint32_t>(id));
    Put<int32_t>(cameras, camera.model_id);
    Put(cameras, camera.width);
    Put(cameras, camera.height);
    for (const double parameter : camera.parameters) Put(cameras, parameter);
  }

  AtomicFile images(folder / "images.bin");
  Put<uint64_t>(images, reconstruction.images.size());
  for (const auto& [id, image] : reconstruction.images) {
    Put(images, static_cast<uint32_t>(id));
    PutPose(images, image.cam_from_world);
    Put(images, static_cast<uint32_t>(image.camera));
    images.Write(image.name.c_str(), image.name.size() + 1);
    Put<uint64_t>(images, image.observations.size());
    for (const Observation& observation : image.observations) {
      Put(images, observation.x);
      Put(images, observation.y);
      Put(images, static_cast<uint64_t>(observation.point));
    }
  }

  AtomicFile points(folder / "points3D.bin");
  Put<uint64_t>(points, reconstruction.points.size());
  for (const auto& [id, point] : reconstruction.points) {
    Put(points, static_cast<uint64_t>(id));
    for (int k = 0; k < 3; ++k) Put(points, point.position[k]);
    for (const uint8_t channel : point.color) Put(points, channel);
    Put(points, point.error);
    Put<uint64_t>(points, point.track.size());
    for (const TrackElement& element : point.track) {
      Put(points, static_cast<uint32_t>(element.image));
      Put(points, element.observation);
    }
  }
  for (AtomicFile* file : {&cameras, &images, &points}) file->Commit();
}

void WriteBinaryRigs(const Reconstruction& reconstruction, const fs::path& folder) {
  AtomicFile rigs(folder / "rigs.bin");
  Put<uint64_t>(rigs, reconstruction.rigs.size());
  for (const auto& [id, rig] : reconstruction.rigs) {
    Put(rigs, static_cast<uint32_t>(id));
    Put(rigs, static_cast<uint32_t>(rig.sensors.size()));
    for (size_t k = 0; k < rig.sensors.size(); ++k) {
      PutSensor(rigs, rig.sensors[k].sensor);
      if (k == 0) continue;
      Put<uint8_t>(rigs, rig.sensors[k].sensor_from_rig ? 1 : 0);
      if (rig.sensors[k].sensor_from_rig) PutPose(rigs, *rig.sensors[k].sensor_from_rig);
    }
  }

  AtomicFile frames(folder / "frames.bin");
  Put<uint64_t>(frames, reconstruction.frames.size());
  for (const auto& [id, frame] : reconstruction.frames) {
    Put(frames, static_cast<uint32_t>(id));
    Put(frames, static_cast<uint32_t>(frame.rig));
    PutPose(frames, frame.rig_from_world);
    Put(frames, static_cast<uint32_t>(frame.data.size()));
    for (const FrameData& data : frame.data) {
      PutSensor(frames, data.sensor);
      Put(frames, data.id);
    }
  }
  for (AtomicFile* file : {&rigs, &frames}) file->Commit();
}

}  // namespace vantage::sfm
