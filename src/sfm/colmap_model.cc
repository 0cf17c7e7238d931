// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/colmap.h"

#include <array>
#include <string>
#include <vector>

#include "sfm/colmap_files.h"
#include "util/check.h"
#include "util/file.h"
#include "util/log.h"
#include "util/rethrow.h"
#include "vantage/run_context.h"

namespace vantage {
namespace {

namespace fs = std::filesystem;

bool HasFiles(const fs::path& folder, const std::string& extension) {
  for (const char* name : {"cameras", "images", "points3D"}) {
    if (!fs::is_regular_file(folder / (name + extension))) return false;
  }
  return true;
}

void CheckCameras(const Reconstruction& model, const std::string& source) {
  for (const auto& [id, image] : model.images) {
    VANTAGE_CHECK(model.cameras.count(image.camera) == 1, source, ": image '", image.name, "' names camera ",
                  static_cast<uint32_t>(image.camera), ", which the model does not hold");
  }
}

// Drops references to points and observations that do not exist. Exporters leave such references when they
// cut a model.
void DropDanglingReferences(Reconstruction& model, const std::string& source) {
  int64_t observations = 0;
  int64_t elements = 0;
  for (auto& [id, image] : model.images) {
    for (Observation& observation : image.observations) {
      if (observation.point == kNoPoint || model.points.count(observation.point) == 1) continue;
      observation.point = kNoPoint;
      ++observations;
    }
  }
  for (auto& [id, point] : model.points) {
    elements += static_cast<int64_t>(std::erase_if(point.track, [&](const TrackElement& element) {
      const auto image = model.images.find(element.image);
      return image == model.images.end() || element.observation >= image->second.observations.size();
    }));
  }
  if (observations + elements == 0) return;
  LogWarning(source, ": ", observations, " observations of points, and ", elements,
             " of tracks, that the model does not hold are left out");
}

// Throws Error if a frame refers to a rig that does not exist, or to an image of another camera than the
// frame states.
void CheckFrames(const Reconstruction& model, const std::string& source) {
  for (const auto& [id, frame] : model.frames) {
    VANTAGE_CHECK(model.rigs.count(frame.rig) == 1, source, ": frame ", static_cast<uint32_t>(id),
                  " names rig ", static_cast<uint32_t>(frame.rig), ", which the model does not hold");
    for (const FrameData& data : frame.data) {
      if (data.sensor.type != SensorType::kCamera) continue;
      VANTAGE_CHECK(data.id <= UINT32_MAX, source, ": frame ", static_cast<uint32_t>(id), " names image ",
                    data.id, ", which is not an image id");
      const auto image = model.images.find(ImageId{static_cast<uint32_t>(data.id)});
      VANTAGE_CHECK(image == model.images.end() || image->second.camera == CameraId{data.sensor.id}, source,
                    ": frame ", static_cast<uint32_t>(id), " says that image ", data.id, " is of camera ",
                    data.sensor.id, ", the image that it is of camera ",
                    static_cast<uint32_t>(image->second.camera));
    }
  }
}

// Computes the poses of images from their frames, as COLMAP does. The poses in `images` are copies.
void TakePosesOfFrames(Reconstruction& model) {
  for (const auto& [id, frame] : model.frames) {
    const Rig& rig = model.rigs.at(frame.rig);
    for (const FrameData& data : frame.data) {
      const auto image = model.images.find(ImageId{static_cast<uint32_t>(data.id)});
      if (data.sensor.type != SensorType::kCamera || image == model.images.end()) continue;
      for (size_t k = 0; k < rig.sensors.size(); ++k) {
        const RigSensor& sensor = rig.sensors[k];
        if (sensor.sensor != data.sensor) continue;
        Pose& pose = image->second.cam_from_world;
        if (k == 0) pose = frame.rig_from_world;
        if (sensor.sensor_from_rig) pose = *sensor.sensor_from_rig * frame.rig_from_world;
      }
    }
  }
}

}  // namespace

bool IsColmapModel(const fs::path& folder) { return HasFiles(folder, ".bin") || HasFiles(folder, ".txt"); }

Reconstruction ReadColmapModel(const fs::path& folder) try {
  VANTAGE_CHECK(IsColmapModel(folder), folder.string(),
                ": no COLMAP model here (cameras, images and points3D as .bin or .txt)");
  Reconstruction model = HasFiles(folder, ".bin") ? sfm::ReadBinaryModel(folder) : sfm::ReadTextModel(folder);
  CheckCameras(model, folder.string());
  DropDanglingReferences(model, folder.string());
  CheckFrames(model, folder.string());
  TakePosesOfFrames(model);
  return model;
} catch (...) {
  RethrowAsError();
}

void WriteColmapModel(const Reconstruction& reconstruction, const fs::path& folder, ModelFormat format) try {
  const bool is_binary = format == ModelFormat::kBinary;
  const auto remove = [&](const char* name, const char* extension) {
    fs::remove(folder / (std::string(name) + extension));
  };
  RemoveAbandonedFilesIn(folder);
  // Readers would take the rigs and frames of an older model for this model's.
  for (const char* name : {"rigs", "frames"}) remove(name, is_binary ? ".bin" : ".txt");
  const bool has_rigs = !reconstruction.rigs.empty() || !reconstruction.frames.empty();
  if (is_binary) {
    sfm::WriteBinaryModel(reconstruction, folder);
    if (has_rigs) sfm::WriteBinaryRigs(reconstruction, folder);
  } else {
    sfm::WriteTextModel(reconstruction, folder);
    if (has_rigs) sfm::WriteTextRigs(reconstruction, folder);
  }
  // Readers would take an older model in the other format for this model.
  for (const char* name : {"cameras", "images", "points3D", "rigs", "frames"}) {
    remove(name, is_binary ? ".txt" : ".bin");
  }
} catch (...) {
  RethrowAsError();
}

}  // namespace vantage
