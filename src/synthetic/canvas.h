// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <vector>

#include "util/index.h"

namespace vantage::synthetic {

// Angles in radians.
inline constexpr double kTurn = 2 * std::numbers::pi;
inline constexpr double kRightAngle = kTurn / 4;

// Red, green, blue in [0, 1] with a gamma of 2, as stored in photos: the square root of the reflected light.
using Color = Eigen::Array3f;

inline Color Mix(const Color& a, const Color& b, double t) { return a + (b - a) * static_cast<float>(t); }

// A rectangle in metres: u to the right, v up.
struct Extent {
  double u0 = 0;
  double v0 = 0;
  double u1 = 0;
  double v1 = 0;

  double Width() const { return u1 - u0; }
  double Height() const { return v1 - v0; }
  double CenterU() const { return 0.5 * (u0 + u1); }
  double CenterV() const { return 0.5 * (v0 + v1); }
  Extent Grown(double margin) const { return {u0 - margin, v0 - margin, u1 + margin, v1 + margin}; }
};

// A surface to paint on, measured in metres, with its origin at the lower left. The density changes only the
// resolution of what is painted.
class Canvas {
 public:
  // width, height: metres; density: texels per metre. The canvas begins transparent, or opaque grey.
  Canvas(double width, double height, double density, bool transparent = false);

  int columns() const { return columns_; }
  int rows() const { return rows_; }
  double density() const { return density_; }
  Extent extent() const { return {0, 0, columns_ / density_, rows_ / density_}; }
  // RGBA, row by row from the bottom.
  const std::vector<uint8_t>& texels() const { return texels_; }

  // Blends the colour over the rectangle, with antialiased edges.
  void FillRect(const Extent& rect, const Color& color, double opacity = 1);

  // Blends the colour over the texels inside a shape within the bounds. distance(u, v): signed distance to
  // the shape's edge in metres, negative inside.
  template <typename Distance>
  void Fill(const Extent& bounds, const Color& color, double opacity, const Distance& distance) {
    ForEach(bounds, [&](double u, double v, uint8_t* texel) {
      const double coverage = std::clamp(0.5 - distance(u, v) * density_, 0.0, 1.0);
      if (coverage > 0) Blend(color, coverage * opacity, texel);
    });
  }

  // Multiplies the colour of each texel within the bounds by factor(u, v), clamped to 0 .. 255.
  template <typename Factor>
  void Scale(const Extent& bounds, const Factor& factor) {
    ForEach(bounds, [&](double u, double v, uint8_t* texel) {
      const double scale = factor(u, v);
      for (int c = 0; c < 3; ++c) {
        texel[c] = static_cast<uint8_t>(std::clamp(texel[c] * scale + 0.5, 0.0, 255.0));
      }
    });
  }

  // Blends the colour over each texel within the bounds with opacity(u, v).
  template <typename Opacity>
  void Wash(const Extent& bounds, const Color& color, const Opacity& opacity) {
    ForEach(bounds, [&](double u, double v, uint8_t* texel) {
      const double value = opacity(u, v);
      if (value > 0) Blend(color, std::min(value, 1.0), texel);
    });
  }

 private:
  static void Blend(const Color& color, double opacity, uint8_t* texel) {
    for (int c = 0; c < 3; ++c) {
      texel[c] = static_cast<uint8_t>(
          std::clamp(texel[c] + (color[c] * 255.0 - texel[c]) * opacity + 0.5, 0.0, 255.0));
    }
    texel[3] = static_cast<uint8_t>(std::lround(texel[3] + (255 - texel[3]) * opacity));
  }

  template <typename Visit>
  void ForEach(const Extent& bounds, const Visit& visit) {
    const int first_x = std::clamp(static_cast<int>(std::floor(bounds.u0 * density_)), 0, columns_);
    const int last_x = std::clamp(static_cast<int>(std::ceil(bounds.u1 * density_)), 0, columns_);
    const int first_y = std::clamp(static_cast<int>(std::floor(bounds.v0 * density_)), 0, rows_);
    const int last_y = std::clamp(static_cast<int>(std::ceil(bounds.v1 * density_)), 0, rows_);
    for (int y = first_y; y < last_y; ++y) {
      uint8_t* row = texels_.data() + ToIndex(y) * ToIndex(columns_) * 4;
      for (int x = first_x; x < last_x; ++x) {
        visit((x + 0.5) / density_, (y + 0.5) / density_, row + static_cast<ptrdiff_t>(x) * 4);
      }
    }
  }

  int columns_ = 0;
  int rows_ = 0;
  double density_ = 1;
  std::vector<uint8_t> texels_;
};

// Signed distances in metres to the edges of shapes, for Canvas::Fill. Distances to shapes with corners are
// exact only inside and near the edges.
double DistanceToRect(const Extent& rect, double u, double v);
double DistanceToCircle(double center_u, double center_v, double radius, double u, double v);
// A line with round ends, `half_width` to either side.
double DistanceToSegment(const Eigen::Vector2d& a, const Eigen::Vector2d& b, double half_width, double u,
                         double v);
// A rectangle whose top is an arch of two circles of radius `rise` times half the width: 1 is a semicircle,
// larger values make a pointed arch. The arch's top touches the rectangle's top.
double DistanceToArch(const Extent& rect, double rise, double u, double v);
// A convex polygon, corners counter-clockwise.
double DistanceToPolygon(const std::vector<Eigen::Vector2d>& corners, double u, double v);

}  // namespace vantage::synthetic
