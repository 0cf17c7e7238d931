// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/colmap.h"

#include <string>
#include <vector>

#include "testing/files.h"
#include "util/file.h"
#include "util/random.h"
#include "util/string.h"
#include "vantage/run_context.h"

namespace vantage::sfm {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;
using vantage::testing::ErrorOf;
using vantage::testing::FilesBelow;
using vantage::testing::TemporaryFolder;

// Two cameras of different models, three images, five points, and features without a point.
Reconstruction SampleModel() {
  Reconstruction model;
  model.cameras[CameraId{1}] = {CameraId{1}, 2, 640, 480, {500, 320, 240, 0.01}};
  model.cameras[CameraId{7}] = {CameraId{7}, 4, 800, 600, {700.5, 710, 400, 300, 0.1, -0.01, 1e-5, 0}};
  RandomStream random(1, "model");
  for (uint32_t i = 1; i <= 3; ++i) {
    RegisteredImage image;
    image.id = ImageId{i * 10};
    image.camera = CameraId{i == 2 ? 7U : 1U};
    image.name = StrCat("folder with space/", i, ".jpg");
    image.cam_from_world.rotation = Eigen::Quaterniond(1, 0.1 * i, -0.2, 0.05).normalized();
    image.cam_from_world.translation = Eigen::Vector3d(0.1 * i, 1, 2);
    for (int k = 0; k < 6; ++k)
      image.observations.push_back({random.Uniform(0, 640), random.Uniform(0, 480), kNoPoint});
    model.images[image.id] = image;
  }
  for (uint32_t p = 0; p < 5; ++p) {
    ScenePoint point;
    point.id = PointId{p + (uint64_t{1} << 33)};
    point.position = Eigen::Vector3d(random.Normal(), random.Normal(), 5 + random.Normal());
    point.color = {static_cast<uint8_t>(p), 128, 255};
    point.error = 0.25 * p;
    for (auto& [id, image] : model.images) {
      image.observations[p].point = point.id;
      point.track.push_back({id, p});
    }
    model.points[point.id] = point;
  }
  return model;
}

void ExpectEqual(const Reconstruction& a, const Reconstruction& b) {
  ASSERT_EQ(a.cameras.size(), b.cameras.size());
  for (const auto& [id, camera] : a.cameras) {
    EXPECT_EQ(camera.parameters, b.cameras.at(id).parameters);
    EXPECT_EQ(camera.model_id, b.cameras.at(id).model_id);
    EXPECT_EQ(camera.width, b.cameras.at(id).width);
  }
  ASSERT_EQ(a.images.size(), b.images.size());
  for (const auto& [id, image] : a.images) {
    const RegisteredImage& other = b.images.at(id);
    EXPECT_EQ(image.name, other.name);
    EXPECT_EQ(image.camera, other.camera);
    EXPECT_EQ(image.cam_from_world.rotation.coeffs(), other.cam_from_world.rotation.coeffs());
    EXPECT_EQ(image.cam_from_world.translation, other.cam_from_world.translation);
    ASSERT_EQ(image.observations.size(), other.observations.size());
    for (size_t i = 0; i < image.observations.size(); ++i) {
      EXPECT_EQ(image.observations[i].x, other.observations[i].x);
      EXPECT_EQ(image.observations[i].point, other.observations[i].point);
    }
  }
  ASSERT_EQ(a.points.size(), b.points.size());
  for (const auto& [id, point] : a.points) {
    const ScenePoint& other = b.points.at(id);
    EXPECT_EQ(point.position, other.position);
    EXPECT_EQ(point.color, other.color);
    EXPECT_EQ(point.error, other.error);
    ASSERT_EQ(point.track.size(), other.track.size());
    for (size_t i = 0; i < point.track.size(); ++i) {
      EXPECT_EQ(point.track[i].image, other.track[i].image);
      EXPECT_EQ(point.track[i].observation, other.track[i].observation);
    }
  }
}

class ColmapModels : public ::testing::TestWithParam<ModelFormat> {
 protected:
  std::string Extension() const { return GetParam() == ModelFormat::kBinary ? ".bin" : ".txt"; }
};

TEST_P(ColmapModels, ReadBackExactly) {
  const TemporaryFolder folder;
  EXPECT_FALSE(IsColmapModel(folder.path()));
  WriteColmapModel(SampleModel(), folder.path(), GetParam());
  EXPECT_TRUE(IsColmapModel(folder.path()));
  ExpectEqual(ReadColmapModel(folder.path()), SampleModel());
}

TEST_P(ColmapModels, EmptyModelIsRead) {
  const TemporaryFolder folder;
  WriteColmapModel({}, folder.path(), GetParam());
  EXPECT_TRUE(ReadColmapModel(folder.path()).images.empty());
}

TEST_P(ColmapModels, EveryCutIsAnErrorThatNamesTheFileOrStillAModel) {
  for (const char* name : {"cameras", "images", "points3D"}) {
    const TemporaryFolder folder;
    WriteColmapModel(SampleModel(), folder.path(), GetParam());
    const auto path = folder / (name + Extension());
    const std::string good = ReadFile(path);
    for (size_t size = 0; size < good.size(); size += 7) {
      WriteFile(path, good.substr(0, size));
      if (GetParam() == ModelFormat::kBinary) {
        EXPECT_THAT(ErrorOf([&] { ReadColmapModel(folder.path()); }), HasSubstr(path.string())) << size;
      } else {
        // A text file cut between lines or within a number is valid.
        try {
          ReadColmapModel(folder.path());
        } catch (const Error& error) {
          EXPECT_THAT(error.what(), HasSubstr(folder.path().string()));
        }
      }
    }
  }
}

TEST_P(ColmapModels, SurviveFlippedBytes) {
  const TemporaryFolder folder;
  RandomStream random(3, "colmap");
  for (const char* name : {"cameras", "images", "points3D"}) {
    WriteColmapModel(SampleModel(), folder.path(), GetParam());
    const std::string good = ReadFile(folder / (name + Extension()));
    for (int i = 0; i < 300; ++i) {
      std::string damaged = good;
      damaged[random.Below(damaged.size())] = static_cast<char>(random.Below(256));
      WriteFile(folder / (name + Extension()), damaged);
      try {
        ReadColmapModel(folder.path());
      } catch (const Error&) {
        // Expected of most.
      }
    }
    WriteFile(folder / (name + Extension()), good);
  }
}

INSTANTIATE_TEST_SUITE_P(Formats, ColmapModels, ::testing::Values(ModelFormat::kBinary, ModelFormat::kText));

TEST(ColmapModel, BothFormatsHoldTheSame) {
  const TemporaryFolder folder;
  WriteColmapModel(SampleModel(), folder / "a", ModelFormat::kBinary);
  WriteColmapModel(ReadColmapModel(folder / "a"), folder / "b", ModelFormat::kText);
  ExpectEqual(ReadColmapModel(folder / "b"), SampleModel());
}

TEST(ColmapModel, HugeCountsAreRefusedBeforeMemoryIsTaken) {
  const TemporaryFolder folder;
  WriteColmapModel(SampleModel(), folder.path(), ModelFormat::kBinary);
  std::string bytes = ReadFile(folder / "points3D.bin");
  bytes.replace(0, 8, std::string(8, '\x7f'));
  WriteFile(folder / "points3D.bin", bytes);
  EXPECT_THAT(ErrorOf([&] { ReadColmapModel(folder.path()); }), HasSubstr("records announced"));
}

TEST(ColmapModel, AnImageWithoutItsCameraIsAnError) {
  const TemporaryFolder folder;
  Reconstruction model = SampleModel();
  model.images.begin()->second.camera = CameraId{99};
  WriteColmapModel(model, folder.path(), ModelFormat::kBinary);
  EXPECT_THAT(ErrorOf([&] { ReadColmapModel(folder.path()); }), HasSubstr("names camera 99"));
}

TEST_P(ColmapModels, DanglingReferencesAreDroppedAndCounted) {
  const TemporaryFolder folder;
  Reconstruction model = SampleModel();
  Reconstruction expected = model;
  const PointId lost_point = model.points.begin()->first;
  const ImageId lost_image = model.images.begin()->first;
  model.points.erase(lost_point);  // three images observe it
  model.images.erase(lost_image);  // four tracks name it
  model.points.begin()->second.track[1].observation = 100;
  expected.points.erase(lost_point);
  expected.images.erase(lost_image);
  for (auto& [id, image] : expected.images) image.observations[0].point = kNoPoint;
  for (auto& [id, point] : expected.points) point.track.erase(point.track.begin());
  expected.points.begin()->second.track.erase(expected.points.begin()->second.track.begin());
  WriteColmapModel(model, folder.path(), GetParam());
  std::vector<std::string> warnings;
  SetLogSink([&](LogLevel, const std::string& message) { warnings.push_back(message); });
  const Reconstruction read = ReadColmapModel(folder.path());
  SetLogSink({});
  ExpectEqual(read, expected);
  EXPECT_THAT(
      warnings,
      ElementsAre(HasSubstr("2 observations of points, and 5 of tracks, that the model does not hold")));
}

TEST_P(ColmapModels, RotationsAreNormalised) {
  const TemporaryFolder folder;
  Reconstruction model = SampleModel();
  double scale = 1e-3;
  for (auto& [id, image] : model.images) image.cam_from_world.rotation.coeffs() *= scale *= 100;
  WriteColmapModel(model, folder.path(), GetParam());
  const Reconstruction read = ReadColmapModel(folder.path());
  for (const auto& [id, image] : SampleModel().images) {
    EXPECT_LT(
        (read.images.at(id).cam_from_world.rotation.coeffs() - image.cam_from_world.rotation.coeffs()).norm(),
        1e-15);
  }
}

TEST_P(ColmapModels, AModelInTheOtherFormatDoesNotStay) {
  const TemporaryFolder folder;
  const bool is_binary = GetParam() == ModelFormat::kBinary;
  WriteColmapModel(SampleModel(), folder.path(), is_binary ? ModelFormat::kText : ModelFormat::kBinary);
  for (const char* name :
       {"rigs.txt", "frames.txt", "rigs.bin", "frames.bin", "project.ini", "points3D.ply"}) {
    WriteFile(folder / name, "");
  }
  Reconstruction model = SampleModel();
  model.images.erase(model.images.begin());
  for (auto& [id, point] : model.points) point.track.erase(point.track.begin());
  WriteColmapModel(model, folder.path(), GetParam());
  ExpectEqual(ReadColmapModel(folder.path()), model);
  const std::string e = Extension();
  EXPECT_THAT(FilesBelow(folder.path()), UnorderedElementsAre("cameras" + e, "images" + e, "points3D" + e,
                                                              "project.ini", "points3D.ply"));
}

TEST_P(ColmapModels, PanoramasHaveNoFocalLength) {
  const TemporaryFolder folder;
  Reconstruction model = SampleModel();
  for (auto& [id, camera] : model.cameras) camera = {id, 17, 2000, 1000, {2000, 1000}};
  WriteColmapModel(model, folder.path(), GetParam());
  const Reconstruction read = ReadColmapModel(folder.path());
  for (const auto& [id, camera] : read.cameras) EXPECT_EQ(camera.MeanFocalLength(), 0);
  const CovisibilityIndex index(read);
  EXPECT_EQ(index.Between(ImageId{10}, ImageId{20}).shared_points, 5);
  EXPECT_EQ(index.Between(ImageId{10}, ImageId{20}).scale_change, 0);
}

// Exporters end the file like this if the last image has no observations.
TEST(ColmapModel, TheLastImageMayHaveNoLineOfObservations) {
  const TemporaryFolder folder;
  Reconstruction model = SampleModel();
  auto& [last_id, last] = *model.images.rbegin();
  last.observations.clear();
  for (auto& [id, point] : model.points) point.track.pop_back();
  WriteColmapModel(model, folder.path(), ModelFormat::kText);
  const std::string text = ReadFile(folder / "images.txt");
  for (const std::string& ending : {text.substr(0, text.size() - 1), text.substr(0, text.size() - 2), text}) {
    WriteFile(folder / "images.txt", ending);
    ExpectEqual(ReadColmapModel(folder.path()), model);
  }
}

TEST(ColmapModel, UnknownCameraModelIsNamed) {
  const TemporaryFolder folder;
  WriteColmapModel(SampleModel(), folder.path(), ModelFormat::kText);
  WriteFile(folder / "cameras.txt", "1 PINHOLE3000 640 480 1 2 3\n");
  EXPECT_THAT(ErrorOf([&] { ReadColmapModel(folder.path()); }),
              HasSubstr("cameras.txt:1: unknown camera model 'PINHOLE3000'; known are SIMPLE_PINHOLE"));
}

TEST(AlignPoints, FindsTheSimilarity) {
  RandomStream random(5, "align");
  const Eigen::Quaterniond rotation = Eigen::Quaterniond(0.3, -0.5, 0.7, 0.2).normalized();
  std::vector<Eigen::Vector3d> from;
  std::vector<Eigen::Vector3d> to;
  for (int i = 0; i < 10; ++i) {
    from.emplace_back(random.Normal(), random.Normal(), random.Normal());
    to.push_back(2.5 * (rotation * from.back()) + Eigen::Vector3d(1, -2, 3));
  }
  const Similarity similarity = AlignPoints(from, to);
  EXPECT_NEAR(similarity.scale, 2.5, 1e-12);
  for (size_t i = 0; i < from.size(); ++i) EXPECT_LT((similarity * from[i] - to[i]).norm(), 1e-12);
  EXPECT_THAT(ErrorOf([&] { AlignPoints({from[0], from[1]}, {to[0], to[1]}); }), HasSubstr("three or more"));
}

TEST(Pose, CenterIsWhereTheCameraMapsToZero) {
  Pose pose;
  pose.rotation = Eigen::Quaterniond(0.9, 0.1, -0.3, 0.2).normalized();
  pose.translation = Eigen::Vector3d(1, 2, 3);
  EXPECT_LT((pose * pose.Center()).norm(), 1e-14);
}

}  // namespace
}  // namespace vantage::sfm
