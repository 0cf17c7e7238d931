// SPDX-License-Identifier: BSD-3-Clause
#include <cmath>
#include <sstream>
#include <utility>

#include "sfm/colmap_files.h"
#include "vantage/util/error.h"
#include "vantage/util/file.h"

// The layout: COLMAP, doc/format.rst.
namespace vantage {
namespace {

namespace fs = std::filesystem;

// Reads a file line by line; every error names the file and the line.
class TextReader {
 public:
  explicit TextReader(const fs::path& path)
      : source_(path.string()), text_(ReadFile(path, uint64_t{1} << 36)), lines_(text_) {}

  // The next line that is no comment. Where `keep_empty` is set, an empty line counts.
  bool NextLine(bool keep_empty) {
    std::string line;
    while (std::getline(lines_, line)) {
      ++number_;
      const std::string_view trimmed = Trim(line);
      if ((trimmed.empty() && !keep_empty) || (!trimmed.empty() && trimmed[0] == '#')) continue;
      words_ = std::istringstream{std::string(trimmed)};
      return true;
    }
    return false;
  }

  bool HasMore() {
    words_ >> std::ws;
    return !words_.eof();
  }

  std::string Word(const char* what) {
    std::string word;
    words_ >> word;
    VANTAGE_CHECK(!word.empty(), Place(), ": ", what, " is missing");
    return word;
  }

  // Names may hold spaces: the rest of the line.
  std::string Rest(const char* what) {
    std::string rest;
    std::getline(words_ >> std::ws, rest);
    VANTAGE_CHECK(!rest.empty(), Place(), ": ", what, " is missing");
    return rest;
  }

  double Number(const char* what) {
    const double value = ParseDouble(Word(what), StrCat(Place(), ": ", what));
    VANTAGE_CHECK(std::isfinite(value), Place(), ": ", what, " is not finite");
    return value;
  }

  template <typename T>
  T Integer(const char* what) {
    const long long value = ParseInteger(Word(what), StrCat(Place(), ": ", what));
    VANTAGE_CHECK(value >= 0 && static_cast<unsigned long long>(value) <= std::numeric_limits<T>::max(),
                  Place(), ": ", what, " ", value, " is out of range");
    return static_cast<T>(value);
  }

  // COLMAP writes -1 for an observation without a point.
  PointId Point() {
    const long long value = ParseInteger(Word("POINT3D_ID"), StrCat(Place(), ": POINT3D_ID"));
    return value == -1 ? kNoPoint : PointId{static_cast<uint64_t>(value)};
  }

  std::string Place() const { return StrCat(source_, ":", number_); }

 private:
  std::string source_;
  std::string text_;
  std::istringstream lines_;
  std::istringstream words_;
  int64_t number_ = 0;
};

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
    const double w = reader.Number("QW");
    const double x = reader.Number("QX");
    const double y = reader.Number("QY");
    const double z = reader.Number("QZ");
    image.cam_from_world.rotation = Eigen::Quaterniond(w, x, y, z);
    VANTAGE_CHECK(image.cam_from_world.rotation.norm() > 0, reader.Place(), ": a rotation of length zero");
    for (int k = 0; k < 3; ++k) image.cam_from_world.translation[k] = reader.Number("T");
    image.camera = CameraId{reader.Integer<uint32_t>("CAMERA_ID")};
    image.name = reader.Rest("NAME");
    VANTAGE_CHECK(reader.NextLine(true), reader.Place(), ": the line of observations of '", image.name,
                  "' is missing");
    while (reader.HasMore()) {
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

}  // namespace

Reconstruction ReadTextModel(const fs::path& folder) {
  return {ReadCameras(folder / "cameras.txt"), ReadImages(folder / "images.txt"),
          ReadPoints(folder / "points3D.txt")};
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
    const Eigen::Quaterniond& rotation = image.cam_from_world.rotation;
    const Eigen::Vector3d& translation = image.cam_from_world.translation;
    images += StrCat(static_cast<uint32_t>(id));
    for (const double value : {rotation.w(), rotation.x(), rotation.y(), rotation.z(), translation.x(),
                               translation.y(), translation.z()}) {
      images += " " + FormatShortest(value);
    }
    images += StrCat(" ", static_cast<uint32_t>(image.camera), " ", image.name, "\n");
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

}  // namespace vantage
