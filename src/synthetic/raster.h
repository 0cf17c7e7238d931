// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <span>
#include <vector>

#include "synthetic/place.h"
#include "synthetic/texture.h"
#include "util/index.h"
#include "vantage/colmap.h"

namespace vantage::synthetic {

// A pinhole camera with its principal point at the image's centre. Pixels; x right, y down, the first pixel's
// centre at (0.5, 0.5).
struct View {
  int width = 0;
  int height = 0;
  double focal = 0;
  Pose cam_from_world;

  // Viewing ray through a position in the photo, in the camera's frame, with depth 1.
  Eigen::Vector3d Ray(double x, double y) const {
    return {(x - 0.5 * width) / focal, (y - 0.5 * height) / focal, 1};
  }
  // Position in the photo (x, y), and depth, of a point in the camera's frame.
  Eigen::Vector3d Project(const Eigen::Vector3d& point) const {
    return {focal * point.x() / point.z() + 0.5 * width, focal * point.y() / point.z() + 0.5 * height,
            point.z()};
  }
};

// A surface as a view sees it. With p = (x, y, 1) for a position in the photo: 1 / depth = inverse_depth . p
// and (u, v) = depth * (u_form . p, v_form . p) - shift.
struct ProjectedSurface {
  bool faces_camera = false;
  Eigen::Vector3d inverse_depth = Eigen::Vector3d::Zero();
  Eigen::Vector3d u_form = Eigen::Vector3d::Zero();
  Eigen::Vector3d v_form = Eigen::Vector3d::Zero();
  Eigen::Vector2d shift = Eigen::Vector2d::Zero();

  Eigen::Vector2d UvAt(double x, double y) const {
    const Eigen::Vector3d p(x, y, 1);
    return Eigen::Vector2d(u_form.dot(p), v_form.dot(p)) / inverse_depth.dot(p) - shift;
  }
};
ProjectedSurface ProjectSurface(const Surface& surface, const View& view);

inline constexpr uint16_t kNoItem = 0xffff;

// The first surface seen at each of samples x samples positions of every pixel.
struct ItemBuffer {
  int samples = 1;
  int columns = 0;
  int rows = 0;
  std::vector<uint16_t> items;  // index of the surface, or kNoItem
  std::vector<float> inverse_depths;

  size_t Index(int x, int y) const { return ToIndex(y) * ToIndex(columns) + ToIndex(x); }
};

// Rasterises the surfaces. Cut-outs use the opacity of their textures, or count as opaque if `textures` is
// empty. At most 65,535 surfaces.
ItemBuffer Rasterize(std::span<const Surface> surfaces, std::span<const ProjectedSurface> projected,
                     std::span<const Texture> textures, const View& view, int samples);

}  // namespace vantage::synthetic
