// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/colmap.h"

#include <algorithm>
#include <set>

#include "testing/files.h"
#include "testing/models.h"

namespace vantage::sfm {
namespace {

using vantage::testing::MakeRandomModel;

std::set<PointId> PointsOf(const RegisteredImage& image) {
  std::set<PointId> points;
  for (const Observation& observation : image.observations) {
    if (observation.point != kNoPoint) points.insert(observation.point);
  }
  return points;
}

TEST(Covisibility, AgreesWithBruteForce) {
  const Reconstruction model = MakeRandomModel(12, 300, 1);
  const CovisibilityIndex index(model);
  for (const auto& [a, image_a] : model.images) {
    const std::set<PointId> points_a = PointsOf(image_a);
    EXPECT_EQ(index.PointCount(a), static_cast<int64_t>(points_a.size()));
    for (const auto& [b, image_b] : model.images) {
      const std::set<PointId> points_b = PointsOf(image_b);
      std::vector<double> ratios;
      for (const PointId point : points_a) {
        if (points_b.count(point) == 0) continue;
        const Eigen::Vector3d& position = model.points.at(point).position;
        const double scale_a =
            (image_a.cam_from_world * position).z() / model.cameras.at(image_a.camera).RelativeFocalLength();
        const double scale_b =
            (image_b.cam_from_world * position).z() / model.cameras.at(image_b.camera).RelativeFocalLength();
        ratios.push_back(scale_a / scale_b);
      }
      const Covisibility covisibility = index.Between(a, b);
      ASSERT_EQ(covisibility.shared_points, static_cast<int64_t>(ratios.size()));
      if (ratios.empty()) {
        EXPECT_EQ(covisibility.scale_change, 0);
        continue;
      }
      std::sort(ratios.begin(), ratios.end());
      const size_t middle = ratios.size() / 2;
      const double median =
          ratios.size() % 2 == 1 ? ratios[middle] : (ratios[middle - 1] + ratios[middle]) / 2;
      EXPECT_NEAR(covisibility.scale_change, median, 1e-12 * median);
    }
  }
}

TEST(Covisibility, ScaleChangeIsTheInverseTheOtherWay) {
  const Reconstruction model = MakeRandomModel(6, 301, 2);
  const CovisibilityIndex index(model);
  for (const auto& [a, image_a] : model.images) {
    for (const auto& [b, image_b] : model.images) {
      const Covisibility forth = index.Between(a, b);
      const Covisibility back = index.Between(b, a);
      EXPECT_EQ(forth.shared_points, back.shared_points);
      // The median of an even number of ratios is a mean, whose inverse is not that of the inverse ratios.
      if (forth.shared_points % 2 == 0) continue;
      EXPECT_NEAR(forth.scale_change * back.scale_change, 1, 1e-9);
    }
  }
}

TEST(Covisibility, ScaleChangeIsKnownForACameraThatBacksOff) {
  // The same view from twice as far with the same focal length: everything is half as large.
  Reconstruction model = MakeRandomModel(2, 400, 3);
  RegisteredImage& near = model.images.at(ImageId{1});
  RegisteredImage& far = model.images.at(ImageId{2});
  model.cameras.at(CameraId{2}).parameters = model.cameras.at(CameraId{1}).parameters;
  far.cam_from_world = near.cam_from_world;
  near.cam_from_world.translation.z() = 5;
  far.cam_from_world.translation.z() = 10;
  const CovisibilityIndex index(model);
  EXPECT_NEAR(index.Between(ImageId{2}, ImageId{1}).scale_change, 2, 0.05);
}

TEST(Covisibility, ScaleChangeIsTheSameForCopiesOfAnotherSize) {
  const Reconstruction model = MakeRandomModel(4, 300, 6);
  Reconstruction reduced = model;
  for (const uint32_t id : {2U, 3U}) {
    Camera& camera = reduced.cameras.at(CameraId{id});
    const double factor = id == 2 ? 0.25 : 3;
    camera.width = static_cast<uint64_t>(640 * factor);
    camera.height = static_cast<uint64_t>(480 * factor);
    for (double& parameter : camera.parameters) parameter *= factor;
  }
  const CovisibilityIndex index(model);
  const CovisibilityIndex of_reduced(reduced);
  for (const auto& [a, image_a] : model.images) {
    for (const auto& [b, image_b] : model.images) {
      const double expected = index.Between(a, b).scale_change;
      EXPECT_NEAR(of_reduced.Between(a, b).scale_change, expected, 1e-12 * expected);
    }
  }
}

TEST(Covisibility, NearestCamerasAreSortedByDistance) {
  const Reconstruction model = MakeRandomModel(15, 50, 4);
  const CovisibilityIndex index(model);
  const Eigen::Vector3d center = model.images.at(ImageId{4}).cam_from_world.Center();
  const std::vector<ImageId> nearest = index.NearestCameras(ImageId{4}, 100);
  ASSERT_EQ(nearest.size(), 14U);
  double last = 0;
  for (const ImageId id : nearest) {
    EXPECT_NE(id, ImageId{4});
    const double distance = (model.images.at(id).cam_from_world.Center() - center).norm();
    EXPECT_GE(distance, last);
    last = distance;
  }
  EXPECT_EQ(index.NearestCameras(ImageId{4}, 3).size(), 3U);
}

TEST(Covisibility, PointsBehindACameraGiveNoScale) {
  Reconstruction model = MakeRandomModel(2, 100, 5);
  model.images.at(ImageId{1}).cam_from_world.translation.z() = -100;
  EXPECT_EQ(CovisibilityIndex(model).Between(ImageId{1}, ImageId{2}).scale_change, 0);
}

TEST(CovisiblePairs, AreThoseWithEnoughSharedPoints) {
  const Reconstruction model = MakeRandomModel(9, 200, 4);
  const CovisibilityIndex index(model);
  size_t all = 0;
  for (const int64_t least : {1, 40, 90, 1000}) {
    const std::vector<CovisiblePair> pairs = CovisiblePairs(model, least);
    size_t expected = 0;
    for (const auto& [a, image_a] : model.images) {
      for (const auto& [b, image_b] : model.images) {
        const int64_t shared = index.Between(a, b).shared_points;
        if (a >= b || shared < least) continue;
        ASSERT_LT(expected, pairs.size());
        EXPECT_EQ(pairs[expected].a, image_a.name);
        EXPECT_EQ(pairs[expected].b, image_b.name);
        EXPECT_EQ(pairs[expected++].shared_points, shared);
      }
    }
    EXPECT_EQ(pairs.size(), expected);
    if (least == 1) all = expected;
    EXPECT_LE(expected, all);
  }
  EXPECT_THAT(vantage::testing::ErrorOf([&] { CovisiblePairs(model, 0); }), ::testing::HasSubstr("0 shared"));
}

}  // namespace
}  // namespace vantage::sfm
