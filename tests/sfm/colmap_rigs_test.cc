// SPDX-License-Identifier: BSD-3-Clause
#include <cstring>

#include "testing/files.h"
#include "testing/models.h"
#include "util/file.h"
#include "util/random.h"
#include "util/string.h"
#include "vantage/colmap.h"

namespace vantage::sfm {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using vantage::testing::ErrorOf;
using vantage::testing::FilesBelow;
using vantage::testing::TemporaryFolder;

Pose MakePose(double w, double x, double y, double z, double tx, double ty, double tz) {
  return {Eigen::Quaterniond(w, x, y, z).normalized(), {tx, ty, tz}};
}

// Two frames of a rig of two cameras, and one of a rig of a camera and an IMU whose places are not known.
Reconstruction RigModel() {
  Reconstruction model;
  for (uint32_t i = 1; i <= 3; ++i) model.cameras[CameraId{i}] = {CameraId{i}, 0, 640, 480, {500, 320, 240}};
  const Pose right_from_left = MakePose(1, 0.01, -0.2, 0.02, -0.5, 0.01, 0.03);
  const SensorId camera_1{SensorType::kCamera, 1};
  const SensorId camera_2{SensorType::kCamera, 2};
  const SensorId camera_3{SensorType::kCamera, 3};
  const SensorId imu{SensorType::kImu, 9};
  model.rigs[RigId{5}] = {RigId{5}, {{camera_1, std::nullopt}, {camera_2, right_from_left}}};
  model.rigs[RigId{6}] = {RigId{6}, {{imu, std::nullopt}, {camera_3, std::nullopt}}};
  const Pose first = MakePose(0.9, 0.1, 0.3, -0.2, 1, 2, 3);
  const Pose second = MakePose(0.7, -0.4, 0.1, 0.2, -1, 0.5, 4);
  model.frames[FrameId{1}] = {FrameId{1}, RigId{5}, first, {{camera_1, 11}, {camera_2, 12}}};
  model.frames[FrameId{2}] = {FrameId{2}, RigId{5}, second, {{camera_1, 21}, {camera_2, 22}}};
  model.frames[FrameId{3}] = {FrameId{3}, RigId{6}, second, {{imu, uint64_t{1} << 40}, {camera_3, 31}}};
  const auto add = [&](uint32_t id, uint32_t camera, const Pose& pose) {
    model.images[ImageId{id}] = {
        ImageId{id}, CameraId{camera}, StrCat(id, ".jpg"), pose, {{1.5, 2.5, kNoPoint}}};
  };
  add(11, 1, first);
  add(12, 2, right_from_left * first);
  add(21, 1, second);
  add(22, 2, right_from_left * second);
  add(31, 3, MakePose(1, 2, 3, 4, 5, 6, 7));
  return model;
}

void ExpectEqual(const Pose& a, const Pose& b) {
  EXPECT_EQ(a.rotation.coeffs(), b.rotation.coeffs());
  EXPECT_EQ(a.translation, b.translation);
}

void ExpectEqual(const Reconstruction& a, const Reconstruction& b) {
  ASSERT_EQ(a.rigs.size(), b.rigs.size());
  for (const auto& [id, rig] : a.rigs) {
    const Rig& other = b.rigs.at(id);
    ASSERT_EQ(rig.sensors.size(), other.sensors.size());
    for (size_t i = 0; i < rig.sensors.size(); ++i) {
      EXPECT_EQ(rig.sensors[i].sensor, other.sensors[i].sensor);
      ASSERT_EQ(rig.sensors[i].sensor_from_rig.has_value(), other.sensors[i].sensor_from_rig.has_value());
      if (rig.sensors[i].sensor_from_rig)
        ExpectEqual(*rig.sensors[i].sensor_from_rig, *other.sensors[i].sensor_from_rig);
    }
  }
  ASSERT_EQ(a.frames.size(), b.frames.size());
  for (const auto& [id, frame] : a.frames) {
    const Frame& other = b.frames.at(id);
    EXPECT_EQ(frame.rig, other.rig);
    ExpectEqual(frame.rig_from_world, other.rig_from_world);
    ASSERT_EQ(frame.data.size(), other.data.size());
    for (size_t i = 0; i < frame.data.size(); ++i) {
      EXPECT_EQ(frame.data[i].sensor, other.data[i].sensor);
      EXPECT_EQ(frame.data[i].id, other.data[i].id);
    }
  }
  ASSERT_EQ(a.images.size(), b.images.size());
  for (const auto& [id, image] : a.images) ExpectEqual(image.cam_from_world, b.images.at(id).cam_from_world);
}

class ColmapRigs : public ::testing::TestWithParam<ModelFormat> {
 protected:
  std::string Extension() const { return GetParam() == ModelFormat::kBinary ? ".bin" : ".txt"; }
};
INSTANTIATE_TEST_SUITE_P(Formats, ColmapRigs, ::testing::Values(ModelFormat::kBinary, ModelFormat::kText));

TEST_P(ColmapRigs, ReadBackExactly) {
  const TemporaryFolder folder;
  WriteColmapModel(RigModel(), folder.path(), GetParam());
  EXPECT_EQ(FilesBelow(folder.path()).size(), 5U);
  ExpectEqual(ReadColmapModel(folder.path()), RigModel());
}

TEST_P(ColmapRigs, PosesAreThoseOfTheFrames) {
  const TemporaryFolder folder;
  Reconstruction model = RigModel();
  const Pose unknown = model.images.at(ImageId{31}).cam_from_world;
  for (auto& [id, image] : model.images) image.cam_from_world.translation += Eigen::Vector3d(1, 1, 1);
  WriteColmapModel(model, folder.path(), GetParam());
  const Reconstruction read = ReadColmapModel(folder.path());
  for (const uint32_t id : {11, 12, 21, 22}) {
    ExpectEqual(read.images.at(ImageId{id}).cam_from_world, RigModel().images.at(ImageId{id}).cam_from_world);
  }
  // If the rig does not state the camera's pose, the image's own pose is kept.
  EXPECT_EQ(read.images.at(ImageId{31}).cam_from_world.translation,
            unknown.translation + Eigen::Vector3d(1, 1, 1));
}

TEST_P(ColmapRigs, AModelWithoutRigsLeavesNoneOfAnEarlierOne) {
  const TemporaryFolder folder;
  WriteColmapModel(RigModel(), folder.path(), GetParam());
  WriteColmapModel(testing::MakeRandomModel(3, 20, 1), folder.path(), GetParam());
  EXPECT_EQ(FilesBelow(folder.path()).size(), 3U);
  EXPECT_TRUE(ReadColmapModel(folder.path()).frames.empty());
}

TEST_P(ColmapRigs, CutAndFlippedFilesAreErrorsOrRead) {
  RandomStream random(1, "rigs");
  for (const char* name : {"rigs", "frames"}) {
    const TemporaryFolder folder;
    WriteColmapModel(RigModel(), folder.path(), GetParam());
    const fs::path path = folder / (name + Extension());
    const std::string good = ReadFile(path);
    for (size_t i = 0; i < 2 * good.size(); i += 5) {
      std::string damaged = good.substr(0, i);
      const bool is_cut = i < good.size();
      if (!is_cut) {
        damaged = good;
        damaged[random.Below(damaged.size())] = static_cast<char>(random.Below(256));
      }
      WriteFile(path, damaged);
      try {
        ReadColmapModel(folder.path());
        EXPECT_FALSE(is_cut && GetParam() == ModelFormat::kBinary) << i;
      } catch (const Error& error) {
        EXPECT_THAT(error.what(), HasSubstr(folder.path().string()));
      }
    }
  }
}

TEST(ColmapRig, DanglingReferencesAreErrors) {
  const auto error = [](const std::function<void(Reconstruction&)>& change) {
    const TemporaryFolder folder;
    Reconstruction model = RigModel();
    change(model);
    WriteColmapModel(model, folder.path(), ModelFormat::kBinary);
    return ErrorOf([&] { ReadColmapModel(folder.path()); });
  };
  EXPECT_THAT(error([](auto& model) { model.rigs.erase(RigId{6}); }), HasSubstr("frame 3 names rig 6"));
  EXPECT_THAT(error([](auto& model) { model.frames.at(FrameId{1}).data[0].sensor.id = 2; }),
              HasSubstr("frame 1 says that image 11 is of camera 2, the image that it is of camera 1"));
  EXPECT_THAT(
      error([](auto& model) { model.frames.at(FrameId{1}).data[0].id = uint64_t{11} | uint64_t{1} << 32; }),
      HasSubstr("not an image id"));
  EXPECT_THAT(error([](auto& model) { model.rigs.at(RigId{5}).sensors[1].sensor.type = SensorType{7}; }),
              HasSubstr("rig 0 at byte 28: a sensor of type 7; known are 0 (camera) and 1 (IMU)"));
}

// Bytes written here by hand, by COLMAP's documentation and source.
TEST(ColmapRig, BinaryLayoutIsColmaps) {
  const TemporaryFolder folder;
  WriteColmapModel(RigModel(), folder.path(), ModelFormat::kBinary);
  std::string rigs;
  const auto put = [&](auto value) { rigs.append(reinterpret_cast<const char*>(&value), sizeof(value)); };
  put(uint64_t{1});  // rigs
  put(uint32_t{5});  // RIG_ID
  put(uint32_t{2});  // NUM_SENSORS
  put(int32_t{0});   // reference: camera
  put(uint32_t{1});
  put(int32_t{0});  // another camera
  put(uint32_t{2});
  put(uint8_t{1});  // with a pose
  for (const double value : {1.0, 0.0, 0.0, 0.0, -0.5, 0.0, 0.25}) put(value);
  WriteFile(folder / "rigs.bin", rigs);
  std::string frames;
  frames.swap(rigs);
  rigs.clear();
  put(uint64_t{1});  // frames
  put(uint32_t{7});  // FRAME_ID
  put(uint32_t{5});  // RIG_ID
  for (const double value : {1.0, 0.0, 0.0, 0.0, 1.0, 2.0, 3.0}) put(value);
  put(uint32_t{1});   // NUM_DATA_IDS
  put(int32_t{0});    // camera
  put(uint32_t{2});   // SENSOR_ID
  put(uint64_t{22});  // DATA_ID
  WriteFile(folder / "frames.bin", rigs);
  const Reconstruction model = ReadColmapModel(folder.path());
  EXPECT_EQ(model.images.at(ImageId{22}).cam_from_world.translation, Eigen::Vector3d(0.5, 2, 3.25));
}

TEST(ColmapRig, TextLayoutIsColmaps) {
  const TemporaryFolder folder;
  WriteColmapModel(RigModel(), folder.path(), ModelFormat::kText);
  WriteFile(folder / "rigs.txt",
            "# Rig calib list\n5 2 CAMERA 1 CAMERA 2 1 1 0 0 0 -0.5 0 0.25\n6 2 IMU 9 CAMERA 3 0\n");
  WriteFile(folder / "frames.txt", "7 5 1 0 0 0 1 2 3 2 CAMERA 1 21 CAMERA 2 22\n");
  const Reconstruction model = ReadColmapModel(folder.path());
  EXPECT_EQ(model.images.at(ImageId{22}).cam_from_world.translation, Eigen::Vector3d(0.5, 2, 3.25));
  WriteFile(folder / "rigs.txt", "5 2 CAMERA 1 LIDAR 2 0\n");
  EXPECT_THAT(ErrorOf([&] { ReadColmapModel(folder.path()); }),
              HasSubstr("rigs.txt:1: a sensor of type 'LIDAR'"));
  WriteFile(folder / "rigs.txt", "5 1 CAMERA 1 CAMERA 2 0\n");
  EXPECT_THAT(ErrorOf([&] { ReadColmapModel(folder.path()); }), HasSubstr("rigs.txt:1: more than 1 sensors"));
}

// COLMAP 4.x, sensor/models/: name, and the parameters in their order.
TEST(CameraModels, AreColmaps) {
  const std::vector<std::pair<const char*, std::vector<const char*>>> models = {
      {"SIMPLE_PINHOLE", {"f", "cx", "cy"}},
      {"PINHOLE", {"fx", "fy", "cx", "cy"}},
      {"SIMPLE_RADIAL", {"f", "cx", "cy", "k"}},
      {"RADIAL", {"f", "cx", "cy", "k1", "k2"}},
      {"OPENCV", {"fx", "fy", "cx", "cy", "k1", "k2", "p1", "p2"}},
      {"OPENCV_FISHEYE", {"fx", "fy", "cx", "cy", "k1", "k2", "k3", "k4"}},
      {"FULL_OPENCV", {"fx", "fy", "cx", "cy", "k1", "k2", "p1", "p2", "k3", "k4", "k5", "k6"}},
      {"FOV", {"fx", "fy", "cx", "cy", "omega"}},
      {"SIMPLE_RADIAL_FISHEYE", {"f", "cx", "cy", "k"}},
      {"RADIAL_FISHEYE", {"f", "cx", "cy", "k1", "k2"}},
      {"THIN_PRISM_FISHEYE", {"fx", "fy", "cx", "cy", "k1", "k2", "p1", "p2", "k3", "k4", "sx1", "sy1"}},
      {"RAD_TAN_THIN_PRISM_FISHEYE",
       {"fx", "fy", "cx", "cy", "k0", "k1", "k2", "k3", "k4", "k5", "p0", "p1", "s0", "s1", "s2", "s3"}},
      {"SIMPLE_DIVISION", {"f", "cx", "cy", "k"}},
      {"DIVISION", {"fx", "fy", "cx", "cy", "k"}},
      {"SIMPLE_FISHEYE", {"f", "cx", "cy"}},
      {"FISHEYE", {"fx", "fy", "cx", "cy"}},
      {"EUCM", {"fx", "fy", "cx", "cy", "alpha", "beta"}},
      {"EQUIRECTANGULAR", {"w", "h"}},
  };
  for (size_t id = 0; id < models.size(); ++id) {
    const auto& [name, parameters] = models[id];
    const CameraModel& model = CameraModelById(static_cast<int>(id), "test");
    EXPECT_STREQ(model.name, name);
    EXPECT_EQ(CameraModelByName(name, "test").id, static_cast<int>(id));
    EXPECT_EQ(model.parameter_count, static_cast<int>(parameters.size())) << name;
    int focal_lengths = 0;
    while (parameters[static_cast<size_t>(focal_lengths)][0] == 'f') ++focal_lengths;
    EXPECT_EQ(model.focal_length_count, focal_lengths) << name;
  }
  EXPECT_THAT(ErrorOf([&] { CameraModelById(static_cast<int>(models.size()), "test"); }),
              HasSubstr("known are 0 to 17"));
  const Camera panorama{CameraId{1}, 17, 4000, 2000, {4000, 2000}};
  EXPECT_EQ(panorama.MeanFocalLength(), 0);
}

}  // namespace
}  // namespace vantage::sfm
