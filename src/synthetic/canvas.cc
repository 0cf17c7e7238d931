// SPDX-License-Identifier: BSD-3-Clause
#include "synthetic/canvas.h"

#include "util/index.h"

namespace vantage::synthetic {
namespace {

// The part of the texel [index, index + 1) that is in [low, high).
double Overlap(double low, double high, int index) {
  return std::clamp(std::min(high, index + 1.0) - std::max<double>(low, index), 0.0, 1.0);
}

}  // namespace

Canvas::Canvas(double width, double height, double density, bool transparent)
    : columns_(std::max(1, static_cast<int>(std::ceil(width * density - 1e-6)))),
      rows_(std::max(1, static_cast<int>(std::ceil(height * density - 1e-6)))),
      density_(density),
      texels_(ToIndex(columns_) * ToIndex(rows_) * 4, transparent ? 0 : 128) {
  if (transparent) return;
  for (size_t i = 3; i < texels_.size(); i += 4) texels_[i] = 255;
}

void Canvas::FillRect(const Extent& rect, const Color& color, double opacity) {
  const double left = rect.u0 * density_;
  const double right = rect.u1 * density_;
  const double bottom = rect.v0 * density_;
  const double top = rect.v1 * density_;
  const int first_x = std::clamp(static_cast<int>(std::floor(left)), 0, columns_);
  const int last_x = std::clamp(static_cast<int>(std::ceil(right)), 0, columns_);
  const int first_y = std::clamp(static_cast<int>(std::floor(bottom)), 0, rows_);
  const int last_y = std::clamp(static_cast<int>(std::ceil(top)), 0, rows_);
  for (int y = first_y; y < last_y; ++y) {
    const double vertical = Overlap(bottom, top, y) * opacity;
    uint8_t* row = texels_.data() + ToIndex(y) * ToIndex(columns_) * 4;
    for (int x = first_x; x < last_x; ++x) {
      Blend(color, vertical * Overlap(left, right, x), row + static_cast<ptrdiff_t>(x) * 4);
    }
  }
}

double DistanceToRect(const Extent& rect, double u, double v) {
  return std::max({rect.u0 - u, u - rect.u1, rect.v0 - v, v - rect.v1});
}

double DistanceToCircle(double center_u, double center_v, double radius, double u, double v) {
  return std::hypot(u - center_u, v - center_v) - radius;
}

double DistanceToSegment(const Eigen::Vector2d& a, const Eigen::Vector2d& b, double half_width, double u,
                         double v) {
  const Eigen::Vector2d along = b - a;
  const Eigen::Vector2d from_a(u - a.x(), v - a.y());
  const double t = std::clamp(from_a.dot(along) / std::max(along.squaredNorm(), 1e-12), 0.0, 1.0);
  return (from_a - t * along).norm() - half_width;
}

double DistanceToArch(const Extent& rect, double rise, double u, double v) {
  const double half = 0.5 * rect.Width();
  const double radius = rise * half;
  // The circles' centres are radius - half beyond the middle line; the circles cross at this height above the
  // centres.
  const double height = std::sqrt(std::max(0.0, radius * radius - (radius - half) * (radius - half)));
  const double spring = rect.v1 - height;
  const double side = std::abs(u - rect.CenterU());
  if (v <= spring) return std::max(side - half, rect.v0 - v);
  return std::hypot(side + radius - half, v - spring) - radius;
}

double DistanceToPolygon(const std::vector<Eigen::Vector2d>& corners, double u, double v) {
  double distance = -1e9;
  for (size_t i = 0; i < corners.size(); ++i) {
    const Eigen::Vector2d& a = corners[i];
    const Eigen::Vector2d along = (corners[(i + 1) % corners.size()] - a).normalized();
    distance = std::max(distance, (u - a.x()) * along.y() - (v - a.y()) * along.x());
  }
  return distance;
}

}  // namespace vantage::synthetic
