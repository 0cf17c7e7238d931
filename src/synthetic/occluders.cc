// SPDX-License-Identifier: BSD-3-Clause
#include "synthetic/occluders.h"

#include <Eigen/Geometry>
#include <array>

namespace vantage::synthetic {
namespace {

struct OccluderSize {
  OccluderKind kind;
  Eigen::Vector2d low;  // width, height; metres
  Eigen::Vector2d high;
  double weight;  // how common
};

constexpr int kKinds = 5;
const std::array<OccluderSize, kKinds>& Sizes() {
  static const std::array<OccluderSize, kKinds> kSizes = {{
      {OccluderKind::kPerson, {0.62, 1.55}, {0.75, 1.9}, 0.56},
      {OccluderKind::kCar, {3.8, 1.4}, {4.6, 1.7}, 0.12},
      {OccluderKind::kLamp, {0.5, 3.8}, {0.8, 5.5}, 0.10},
      {OccluderKind::kSign, {0.7, 2.2}, {1.0, 2.9}, 0.08},
      {OccluderKind::kTree, {3.0, 5.0}, {6.0, 9.0}, 0.14},
  }};
  return kSizes;
}

const OccluderSize& DrawKind(RandomStream& random) {
  double left = random.Uniform();
  for (const OccluderSize& size : Sizes()) {
    left -= size.weight;
    if (left < 0) return size;
  }
  return Sizes()[0];
}

}  // namespace

Occluders DrawOccluders(const Place& place, const View& view, double amount, RandomStream& random) {
  Occluders occluders;
  const Eigen::Vector3d center = view.cam_from_world.Center();
  const Eigen::Matrix3d world_from_camera = view.cam_from_world.rotation.conjugate().toRotationMatrix();
  const int wanted = static_cast<int>(amount * random.Uniform(0, 7) + 0.5);
  const double reach = center.head<2>().norm();  // to the landmark's middle
  for (int i = 0; i < wanted; ++i) {
    const OccluderSize& size = DrawKind(random);
    const double width = random.Uniform(size.low.x(), size.high.x());
    const double height = random.Uniform(size.low.y(), size.high.y());
    // A point on the ground along a line of sight.
    const double x = random.Uniform(0, 1) * view.width;
    const Eigen::Vector3d ray = world_from_camera * view.Ray(x, 0.5 * view.height);
    const Eigen::Vector2d heading = ray.head<2>().normalized();
    const double nearest = size.kind == OccluderKind::kTree ? 10 : size.kind == OccluderKind::kCar ? 7 : 3.5;
    const double distance = random.Uniform(nearest, std::max(nearest + 2, 0.95 * reach));
    const Eigen::Vector2d foot = center.head<2>() + distance * heading;
    const RandomStream paint(random.Next(), "occluder");
    bool blocked = false;
    for (const Obstacle& obstacle : place.obstacles) {
      blocked = blocked || obstacle.Contains({foot.x(), foot.y(), 0.5}, 0.5 * width + 0.2);
    }
    if (blocked) continue;
    Surface surface;
    surface.u_axis = {heading.y(), -heading.x(), 0};  // to the right, seen from the camera
    surface.v_axis = Eigen::Vector3d::UnitZ();
    surface.origin = Eigen::Vector3d(foot.x(), foot.y(), 0) - 0.5 * width * surface.u_axis;
    surface.outline = {{0, 0}, {width, 0}, {width, height}, {0, height}};
    surface.texture = static_cast<int>(occluders.recipes.size());
    surface.kind = SurfaceKind::kTransient;
    surface.two_sided = true;
    surface.cut_out = true;
    occluders.surfaces.push_back(std::move(surface));
    TextureRecipe recipe;
    recipe.width = width;
    recipe.height = height;
    recipe.max_density = size.kind == OccluderKind::kTree ? 45 : 120;
    recipe.transparent = true;
    recipe.paint =
        BindPainter([kind = size.kind](Canvas& canvas, const NoiseField& noise,
                                       RandomStream& stream) { PaintOccluder(canvas, kind, noise, stream); },
                    place.noise, paint);
    occluders.recipes.push_back(std::move(recipe));
  }
  return occluders;
}

}  // namespace vantage::synthetic
