// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/sfm/colmap_model.h"

#include <array>
#include <string>

#include "sfm/colmap_files.h"
#include "vantage/util/error.h"

namespace vantage {
namespace {

namespace fs = std::filesystem;

bool HasFiles(const fs::path& folder, const std::string& extension) {
  for (const char* name : {"cameras", "images", "points3D"}) {
    if (!fs::is_regular_file(folder / (name + extension))) return false;
  }
  return true;
}

// Everything that a model refers to is there, both ways.
void CheckReferences(const Reconstruction& model, const std::string& source) {
  for (const auto& [id, image] : model.images) {
    VANTAGE_CHECK(model.cameras.count(image.camera) == 1, source, ": image '", image.name, "' names camera ",
                  static_cast<uint32_t>(image.camera), ", which the model does not hold");
    for (const Observation& observation : image.observations) {
      VANTAGE_CHECK(observation.point == kNoPoint || model.points.count(observation.point) == 1, source,
                    ": image '", image.name, "' observes point ", static_cast<uint64_t>(observation.point),
                    ", which the model does not hold");
    }
  }
  for (const auto& [id, point] : model.points) {
    for (const TrackElement& element : point.track) {
      const auto image = model.images.find(element.image);
      VANTAGE_CHECK(image != model.images.end() && element.observation < image->second.observations.size(),
                    source, ": the track of point ", static_cast<uint64_t>(id), " names observation ",
                    element.observation, " of image ", static_cast<uint32_t>(element.image),
                    ", which the model does not hold");
    }
  }
}

}  // namespace

bool IsColmapModel(const fs::path& folder) { return HasFiles(folder, ".bin") || HasFiles(folder, ".txt"); }

Reconstruction ReadColmapModel(const fs::path& folder) {
  VANTAGE_CHECK(IsColmapModel(folder), folder.string(),
                ": no COLMAP model here (cameras, images and points3D as .bin or .txt)");
  Reconstruction model = HasFiles(folder, ".bin") ? ReadBinaryModel(folder) : ReadTextModel(folder);
  CheckReferences(model, folder.string());
  return model;
}

void WriteColmapModel(const Reconstruction& reconstruction, const fs::path& folder, ModelFormat format) {
  if (format == ModelFormat::kBinary) {
    WriteBinaryModel(reconstruction, folder);
  } else {
    WriteTextModel(reconstruction, folder);
  }
}

}  // namespace vantage
