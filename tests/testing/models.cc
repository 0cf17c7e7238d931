// SPDX-License-Identifier: BSD-3-Clause
#include "testing/models.h"

#include <cmath>

#include "util/random.h"
#include "util/string.h"
#include "vantage/error.h"

namespace vantage::testing {
namespace {

// A camera at `center` that looks at the origin, its y axis pointing down.
Pose LookingAtOrigin(const Eigen::Vector3d& center) {
  const Eigen::Vector3d z = -center.normalized();
  const Eigen::Vector3d x = Eigen::Vector3d(0, 1, 0).cross(z).normalized();
  Eigen::Matrix3d rotation;
  rotation.row(0) = x;
  rotation.row(1) = z.cross(x);
  rotation.row(2) = z;
  Pose pose;
  pose.rotation = Eigen::Quaterniond(rotation);
  pose.translation = -(rotation * center);
  return pose;
}

}  // namespace

Reconstruction MakeRandomModel(int images, int points, uint64_t seed) {
  RandomStream random(seed, "model");
  Reconstruction model;
  for (int i = 0; i < images; ++i) {
    const auto number = static_cast<uint32_t>(i + 1);
    Camera camera{CameraId{number}, 1, 640, 480, {random.Uniform(300, 900), 0, 320, 240}};
    camera.parameters[1] = camera.parameters[0];
    model.cameras[camera.id] = camera;
    const double angle = random.Uniform(-1.2, 1.2);
    const double distance = random.Uniform(3, 9);
    RegisteredImage image;
    image.id = ImageId{number};
    image.camera = camera.id;
    image.name = StrCat(i, ".jpg");
    image.cam_from_world = LookingAtOrigin(
        Eigen::Vector3d(std::sin(angle) * distance, random.Uniform(-0.5, 0.5), -std::cos(angle) * distance));
    model.images[image.id] = image;
  }
  for (int p = 0; p < points; ++p) {
    ScenePoint point;
    point.id = PointId{static_cast<uint64_t>(p) * 3 + 1};
    point.position = Eigen::Vector3d(random.Uniform(-1, 1), random.Uniform(-1, 1), random.Uniform(-1, 1));
    for (auto& [id, image] : model.images) {
      const Eigen::Vector3d in_camera = image.cam_from_world * point.position;
      const std::vector<double>& k = model.cameras.at(image.camera).parameters;
      const double x = k[0] * in_camera.x() / in_camera.z() + k[2];
      const double y = k[1] * in_camera.y() / in_camera.z() + k[3];
      if (in_camera.z() <= 0 || x < 0 || y < 0 || x >= 640 || y >= 480 || random.Chance(0.3)) continue;
      point.track.push_back({id, static_cast<uint32_t>(image.observations.size())});
      image.observations.push_back({x, y, point.id});
    }
    if (point.track.size() >= 2) {
      model.points[point.id] = point;
    } else {
      for (const TrackElement& element : point.track) {
        model.images.at(element.image).observations[element.observation].point = kNoPoint;
      }
    }
  }
  return model;
}

}  // namespace vantage::testing
