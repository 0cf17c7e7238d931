// SPDX-License-Identifier: BSD-3-Clause
#include <cmath>
#include <cstring>
#include <utility>

#include "sfm/colmap_files.h"
#include "vantage/util/error.h"
#include "vantage/util/file.h"

// The layout: COLMAP, doc/format.rst and scene/reconstruction_io.cc. Numbers are little-endian.
namespace vantage {
namespace {

namespace fs = std::filesystem;

// Reads a file record by record; every error names the file, the record and the offset.
class BinaryReader {
 public:
  explicit BinaryReader(const fs::path& path)
      : source_(path.string()), bytes_(ReadFile(path, uint64_t{1} << 36)) {}

  template <typename T>
  T Read() {
    Require(sizeof(T));
    T value;
    std::memcpy(&value, bytes_.data() + offset_, sizeof(T));
    offset_ += sizeof(T);
    return value;
  }

  double ReadFinite() {
    const auto value = Read<double>();
    if (!std::isfinite(value)) Fail("a number that is not finite");
    return value;
  }

  std::string ReadName() {
    const size_t end = bytes_.find('\0', offset_);
    if (end == bytes_.npos) Fail("a name without end");
    const std::string name = bytes_.substr(offset_, end - offset_);
    offset_ = end + 1;
    return name;
  }

  // A number of records of at least `record_size` bytes each: no more than the rest of the file can hold.
  uint64_t ReadCount(uint64_t record_size) {
    const auto count = Read<uint64_t>();
    if (count > (bytes_.size() - offset_) / record_size) {
      Fail(StrCat(count, " records announced, more than the file's ", bytes_.size(), " bytes can hold"));
    }
    return count;
  }

  void Enter(const char* kind, uint64_t index) {
    kind_ = kind;
    index_ = index;
  }

  std::string Place() const { return StrCat(source_, ": ", kind_, " ", index_, " at byte ", offset_); }

  [[noreturn]] void Fail(const std::string& what) const { throw Error(StrCat(Place(), ": ", what)); }

  void ExpectEnd() const {
    VANTAGE_CHECK(offset_ == bytes_.size(), source_, ": ", bytes_.size() - offset_,
                  " bytes left after the last ", kind_);
  }

 private:
  void Require(size_t size) const {
    if (size > bytes_.size() - offset_) Fail(StrCat("truncated: the file ends at byte ", bytes_.size()));
  }

  std::string source_;
  std::string bytes_;
  size_t offset_ = 0;
  const char* kind_ = "header";
  uint64_t index_ = 0;
};

std::map<CameraId, Camera> ReadCameras(const fs::path& path) {
  BinaryReader reader(path);
  const uint64_t count = reader.ReadCount(24);
  std::map<CameraId, Camera> cameras;
  for (uint64_t i = 0; i < count; ++i) {
    reader.Enter("camera", i);
    Camera camera;
    camera.id = CameraId{reader.Read<uint32_t>()};
    camera.model_id = reader.Read<int32_t>();
    camera.width = reader.Read<uint64_t>();
    camera.height = reader.Read<uint64_t>();
    const CameraModel& model = CameraModelById(camera.model_id, reader.Place());
    for (int p = 0; p < model.parameter_count; ++p) camera.parameters.push_back(reader.ReadFinite());
    cameras[camera.id] = std::move(camera);
  }
  reader.ExpectEnd();
  return cameras;
}

std::map<ImageId, RegisteredImage> ReadImages(const fs::path& path) {
  BinaryReader reader(path);
  const uint64_t count = reader.ReadCount(73);
  std::map<ImageId, RegisteredImage> images;
  for (uint64_t i = 0; i < count; ++i) {
    reader.Enter("image", i);
    RegisteredImage image;
    image.id = ImageId{reader.Read<uint32_t>()};
    const double w = reader.ReadFinite();
    const double x = reader.ReadFinite();
    const double y = reader.ReadFinite();
    const double z = reader.ReadFinite();
    image.cam_from_world.rotation = Eigen::Quaterniond(w, x, y, z);
    if (image.cam_from_world.rotation.norm() == 0) reader.Fail("a rotation of length zero");
    for (int k = 0; k < 3; ++k) image.cam_from_world.translation[k] = reader.ReadFinite();
    image.camera = CameraId{reader.Read<uint32_t>()};
    image.name = reader.ReadName();
    const uint64_t observations = reader.ReadCount(24);
    image.observations.resize(observations);
    for (Observation& observation : image.observations) {
      observation.x = reader.Read<double>();
      observation.y = reader.Read<double>();
      observation.point = PointId{reader.Read<uint64_t>()};
    }
    images[image.id] = std::move(image);
  }
  reader.ExpectEnd();
  return images;
}

std::map<PointId, ScenePoint> ReadPoints(const fs::path& path) {
  BinaryReader reader(path);
  const uint64_t count = reader.ReadCount(51);
  std::map<PointId, ScenePoint> points;
  for (uint64_t i = 0; i < count; ++i) {
    reader.Enter("point", i);
    ScenePoint point;
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
    points[point.id] = std::move(point);
  }
  reader.ExpectEnd();
  return points;
}

template <typename T>
void Put(AtomicFile& file, T value) {
  file.Write(&value, sizeof(T));
}

}  // namespace

Reconstruction ReadBinaryModel(const fs::path& folder) {
  return {ReadCameras(folder / "cameras.bin"), ReadImages(folder / "images.bin"),
          ReadPoints(folder / "points3D.bin")};
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
    const Eigen::Quaterniond& rotation = image.cam_from_world.rotation;
    Put(images, static_cast<uint32_t>(id));
    for (const double value : {rotation.w(), rotation.x(), rotation.y(), rotation.z()}) Put(images, value);
    for (int k = 0; k < 3; ++k) Put(images, image.cam_from_world.translation[k]);
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

}  // namespace vantage
