// SPDX-License-Identifier: BSD-3-Clause
#include "synthetic/raster.h"

#include "util/check.h"
#include "util/index.h"

namespace vantage::synthetic {
namespace {

constexpr double kNear = 0.1;  // metres

// The surface's polygon in the camera's frame, clipped at the near plane.
std::vector<Eigen::Vector3d> ClippedCorners(const Surface& surface, const View& view) {
  std::vector<Eigen::Vector3d> corners;
  for (const Eigen::Vector2d& uv : surface.outline) corners.push_back(view.cam_from_world * surface.At(uv));
  std::vector<Eigen::Vector3d> clipped;
  for (size_t i = 0; i < corners.size(); ++i) {
    const Eigen::Vector3d& a = corners[i];
    const Eigen::Vector3d& b = corners[(i + 1) % corners.size()];
    if (a.z() >= kNear) clipped.push_back(a);
    if ((a.z() >= kNear) != (b.z() >= kNear)) {
      const double t = (kNear - a.z()) / (b.z() - a.z());
      clipped.push_back(a + t * (b - a));
    }
  }
  return clipped;
}

// Calls span(y, first_x, last_x) for the rows of samples whose centres are inside the convex polygon.
template <typename Span>
void ForEachSpan(const std::vector<Eigen::Vector2d>& corners, int columns, int rows, const Span& span) {
  double low = corners[0].y();
  double high = corners[0].y();
  for (const Eigen::Vector2d& corner : corners) {
    low = std::min(low, corner.y());
    high = std::max(high, corner.y());
  }
  const int first_y = static_cast<int>(std::ceil(std::clamp<double>(low - 0.5, 0, rows)));
  const int last_y = static_cast<int>(std::ceil(std::clamp<double>(high - 0.5, 0, rows)));
  for (int y = first_y; y < last_y; ++y) {
    const double center = y + 0.5;
    double left = 1e30;
    double right = -1e30;
    for (size_t i = 0; i < corners.size(); ++i) {
      const Eigen::Vector2d& a = corners[i];
      const Eigen::Vector2d& b = corners[(i + 1) % corners.size()];
      if ((a.y() <= center) == (b.y() <= center)) continue;
      const double x = a.x() + (center - a.y()) / (b.y() - a.y()) * (b.x() - a.x());
      left = std::min(left, x);
      right = std::max(right, x);
    }
    const int first_x = static_cast<int>(std::ceil(std::clamp<double>(left - 0.5, 0, columns)));
    const int last_x = static_cast<int>(std::ceil(std::clamp<double>(right - 0.5, 0, columns)));
    if (first_x < last_x) span(y, first_x, last_x);
  }
}

// The mip level whose texels are about as large as the samples in the middle of the surface.
int CutOutLevel(const Texture& texture, const std::vector<Eigen::Vector3d>& corners, double focal) {
  double depth = 0;
  for (const Eigen::Vector3d& corner : corners) depth += corner.z() / static_cast<double>(corners.size());
  const double texels = texture.density() * depth / focal;
  return static_cast<int>(std::max(0.0, std::floor(std::log2(std::max(1e-6, texels)))));
}

}  // namespace

ProjectedSurface ProjectSurface(const Surface& surface, const View& view) {
  ProjectedSurface projected;
  const Eigen::Matrix3d rotation = view.cam_from_world.rotation.toRotationMatrix();
  const Eigen::Vector3d origin = view.cam_from_world * surface.origin;
  const Eigen::Vector3d u_axis = rotation * surface.u_axis;
  const Eigen::Vector3d v_axis = rotation * surface.v_axis;
  const Eigen::Vector3d normal = u_axis.cross(v_axis);
  // The plane is normal . p = distance. The distance is negative if the camera is in front.
  const double distance = normal.dot(origin);
  projected.faces_camera = surface.two_sided ? std::abs(distance) > 1e-9 : distance < -1e-9;
  if (!projected.faces_camera) return projected;
  // As a function of the place in the photo: ((x - cx) / f, (y - cy) / f, 1) . direction.
  const auto form = [&](const Eigen::Vector3d& direction) {
    return Eigen::Vector3d(
        direction.x() / view.focal, direction.y() / view.focal,
        direction.z() - (0.5 * view.width * direction.x() + 0.5 * view.height * direction.y()) / view.focal);
  };
  projected.inverse_depth = form(normal) / distance;
  projected.u_form = form(u_axis);
  projected.v_form = form(v_axis);
  projected.shift = {u_axis.dot(origin), v_axis.dot(origin)};
  return projected;
}

ItemBuffer Rasterize(std::span<const Surface> surfaces, std::span<const ProjectedSurface> projected,
                     std::span<const Texture> textures, const View& view, int samples) {
  VANTAGE_CHECK(surfaces.size() < kNoItem, "too many surfaces to rasterise: ", surfaces.size());
  ItemBuffer buffer;
  buffer.samples = samples;
  buffer.columns = view.width * samples;
  buffer.rows = view.height * samples;
  const size_t count = ToIndex(buffer.columns) * ToIndex(buffer.rows);
  buffer.items.assign(count, kNoItem);
  buffer.inverse_depths.assign(count, 0);
  const double step = 1.0 / samples;
  for (size_t i = 0; i < surfaces.size(); ++i) {
    const ProjectedSurface& form = projected[i];
    if (!form.faces_camera) continue;
    const Surface& surface = surfaces[i];
    const std::vector<Eigen::Vector3d> corners = ClippedCorners(surface, view);
    if (corners.size() < 3) continue;
    std::vector<Eigen::Vector2d> outline;
    for (const Eigen::Vector3d& corner : corners) outline.push_back(samples * view.Project(corner).head<2>());
    const auto item = static_cast<uint16_t>(i);
    if (!surface.cut_out || textures.empty()) {
      ForEachSpan(outline, buffer.columns, buffer.rows, [&](int y, int first_x, int last_x) {
        const double start = form.inverse_depth.dot(Eigen::Vector3d(0.5 * step, (y + 0.5) * step, 1));
        const size_t row = buffer.Index(0, y);
        for (int x = first_x; x < last_x; ++x) {
          const auto inverse_depth = static_cast<float>(start + form.inverse_depth.x() * step * x);
          const size_t at = row + ToIndex(x);
          if (inverse_depth <= buffer.inverse_depths[at]) continue;
          buffer.inverse_depths[at] = inverse_depth;
          buffer.items[at] = item;
        }
      });
      continue;
    }
    const Texture& texture = textures[ToIndex(surface.texture)];
    const int level = CutOutLevel(texture, corners, view.focal * samples);
    ForEachSpan(outline, buffer.columns, buffer.rows, [&](int y, int first_x, int last_x) {
      for (int x = first_x; x < last_x; ++x) {
        const Eigen::Vector3d place((x + 0.5) * step, (y + 0.5) * step, 1);
        const auto inverse_depth = static_cast<float>(form.inverse_depth.dot(place));
        const size_t at = buffer.Index(x, y);
        if (inverse_depth <= buffer.inverse_depths[at]) continue;
        const Eigen::Vector2d uv = form.UvAt(place.x(), place.y()) + surface.texture_offset;
        if (texture.Opacity(uv.x(), uv.y(), level) < 128) continue;
        buffer.inverse_depths[at] = inverse_depth;
        buffer.items[at] = item;
      }
    });
  }
  return buffer;
}

}  // namespace vantage::synthetic
