// SPDX-License-Identifier: BSD-3-Clause
#include "synthetic/render.h"

#include <array>
#include <optional>

#include "util/index.h"

namespace vantage::synthetic {
namespace {

constexpr int kShadowSize = 896;          // texels
constexpr double kShadowRadius = 36;      // metres around the origin that cast and receive shadows
constexpr double kSunDistance = 400;      // metres; far enough for nearly parallel rays
constexpr double kShadowTolerance = 0.1;  // metres

// The place seen from the sun.
class ShadowMap {
 public:
  ShadowMap(std::span<const Surface> surfaces, std::span<const Texture> textures,
            const Eigen::Vector3d& sun) {
    view_.width = kShadowSize;
    view_.height = kShadowSize;
    view_.focal = 0.5 * kShadowSize * kSunDistance / kShadowRadius;
    Eigen::Matrix3d rotation;
    rotation.row(2) = -sun.transpose();
    rotation.row(0) = Eigen::Vector3d::UnitZ().cross(sun).normalized().transpose();
    rotation.row(1) = rotation.row(2).cross(rotation.row(0));
    view_.cam_from_world.rotation = Eigen::Quaterniond(rotation);
    view_.cam_from_world.translation = {0, 0, kSunDistance};
    std::vector<ProjectedSurface> projected;
    projected.reserve(surfaces.size());
    for (const Surface& surface : surfaces) projected.push_back(ProjectSurface(surface, view_));
    buffer_ = Rasterize(surfaces, projected, textures, view_, 1);
    rotation_ = view_.cam_from_world.rotation.toRotationMatrix();
  }

  // The part of the sun that reaches a point of the surface.
  double Lit(const Eigen::Vector3d& point, uint16_t item) const {
    const Eigen::Vector3d place = view_.Project(rotation_ * point + view_.cam_from_world.translation);
    const double x = place.x() - 0.5;
    const double y = place.y() - 0.5;
    if (!(x >= 0 && y >= 0 && x < kShadowSize - 1 && y < kShadowSize - 1)) return 1;
    const int left = static_cast<int>(x);
    const int top = static_cast<int>(y);
    const auto open = [&](int dx, int dy) {
      const size_t at = buffer_.Index(left + dx, top + dy);
      const float inverse_depth = buffer_.inverse_depths[at];
      const bool is_open = buffer_.items[at] == item || inverse_depth * (place.z() - kShadowTolerance) < 1;
      return is_open ? 1.0 : 0.0;
    };
    const double fx = x - left;
    const double fy = y - top;
    return (1 - fy) * ((1 - fx) * open(0, 0) + fx * open(1, 0)) +
           fy * ((1 - fx) * open(0, 1) + fx * open(1, 1));
  }

 private:
  View view_;
  Eigen::Matrix3d rotation_;
  ItemBuffer buffer_;
};

// The texture's colour (0 .. 255) over the pixel at (x, y): several samples along the longer side of the
// pixel's footprint, each as coarse as the shorter side.
Eigen::Array3f Albedo(const Surface& surface, const ProjectedSurface& form, const Texture& texture, double x,
                      double y, double depth) {
  const Eigen::Vector3d place(x, y, 1);
  const double u = form.u_form.dot(place) * depth;
  const double v = form.v_form.dot(place) * depth;
  // d(depth) = -depth^2 d(1 / depth)
  const double density = texture.density();
  const Eigen::Vector2d along_x = density * depth *
                                  Eigen::Vector2d(form.u_form.x() - u * form.inverse_depth.x(),
                                                  form.v_form.x() - v * form.inverse_depth.x());
  const Eigen::Vector2d along_y = density * depth *
                                  Eigen::Vector2d(form.u_form.y() - u * form.inverse_depth.y(),
                                                  form.v_form.y() - v * form.inverse_depth.y());
  const double length_x = along_x.norm();
  const double length_y = along_y.norm();
  const Eigen::Vector2d major = (length_x > length_y ? along_x : along_y) / density;
  const double longer = std::max(length_x, length_y);
  const double shorter = std::max(std::min(length_x, length_y), longer / 6);
  const int taps = std::clamp(static_cast<int>(std::ceil(longer / std::max(shorter, 1.0) - 0.25)), 1, 6);
  const float level = static_cast<float>(std::log2(std::max(1.0, longer / taps)));
  Eigen::Array4f sum = Eigen::Array4f::Zero();
  for (int i = 0; i < taps; ++i) {
    const double t = (i + 0.5) / taps - 0.5;
    sum += texture.Sample(u - form.shift.x() + surface.texture_offset.x() + t * major.x(),
                          v - form.shift.y() + surface.texture_offset.y() + t * major.y(), level);
  }
  if (surface.cut_out && sum[3] > 0) return sum.head<3>() * (255.0F / sum[3]);
  return sum.head<3>() / static_cast<float>(taps);
}

class Shader {
 public:
  Shader(std::span<const Surface> surfaces, std::span<const ProjectedSurface> projected,
         std::span<const Texture> textures, const View& view, const Light& light, const NoiseField& noise)
      : surfaces_(surfaces),
        projected_(projected),
        textures_(textures),
        view_(view),
        light_(light),
        noise_(noise),
        world_from_camera_(view.cam_from_world.rotation.conjugate().toRotationMatrix()),
        center_(view.cam_from_world.Center()) {
    if (light.sun.maxCoeff() > 0.05F) shadows_.emplace(surfaces, textures, light.sun_direction);
  }

  Color At(uint16_t item, double x, double y) const {
    const Eigen::Vector3d ray = world_from_camera_ * view_.Ray(x, y);
    if (item == kNoItem) return SkyColor(light_, noise_, ray.normalized());
    const Surface& surface = surfaces_[item];
    const ProjectedSurface& form = projected_[item];
    const double depth = 1 / std::max(1e-4, form.inverse_depth.dot(Eigen::Vector3d(x, y, 1)));
    const Eigen::Vector3d point = center_ + depth * ray;
    Eigen::Vector3d normal = surface.Normal();
    if (surface.two_sided && normal.dot(ray) > 0) normal = -normal;
    double lit = 1;
    if (shadows_ && normal.dot(light_.sun_direction) > 0) lit = shadows_->Lit(point, item);
    const Color albedo = Albedo(surface, form, textures_[ToIndex(surface.texture)], x, y, depth) / 255.0F;
    // Less of the sky is visible near the ground.
    const double open = 1 - 0.25 * std::exp(-0.8 * std::max(0.0, point.z())) * (1 - std::abs(normal.z()));
    const Color color = albedo.square() * light_.Irradiance(normal, lit) * static_cast<float>(open);
    return Mix(light_.horizon, color, std::exp(-light_.haze * depth));
  }

 private:
  std::span<const Surface> surfaces_;
  std::span<const ProjectedSurface> projected_;
  std::span<const Texture> textures_;
  const View& view_;
  const Light& light_;
  const NoiseField& noise_;
  Eigen::Matrix3d world_from_camera_;
  Eigen::Vector3d center_;
  std::optional<ShadowMap> shadows_;
};

}  // namespace

Radiance Shade(std::span<const Surface> surfaces, std::span<const ProjectedSurface> projected,
               std::span<const Texture> textures, const View& view, const ItemBuffer& buffer,
               const Light& light, const NoiseField& noise) {
  const Shader shader(surfaces, projected, textures, view, light, noise);
  Radiance radiance{view.width, view.height, {}};
  radiance.pixels.reserve(ToIndex(view.width) * ToIndex(view.height));
  const int samples = buffer.samples;
  const auto total = static_cast<float>(samples * samples);
  struct Part {
    uint16_t item = kNoItem;
    int count = 0;
    double x = 0;
    double y = 0;
  };
  for (int y = 0; y < view.height; ++y) {
    for (int x = 0; x < view.width; ++x) {
      // A surface's share of the pixel is shaded once, in the middle of its samples.
      std::array<Part, 16> parts;
      size_t part_count = 0;
      for (int sy = 0; sy < samples; ++sy) {
        for (int sx = 0; sx < samples; ++sx) {
          const uint16_t item = buffer.items[buffer.Index(x * samples + sx, y * samples + sy)];
          size_t k = 0;
          while (k < part_count && parts[k].item != item) ++k;
          if (k == part_count) parts[part_count++].item = item;
          ++parts[k].count;
          parts[k].x += sx + 0.5;
          parts[k].y += sy + 0.5;
        }
      }
      Color color = Color::Zero();
      for (size_t k = 0; k < part_count; ++k) {
        const Part& part = parts[k];
        const double scale = 1.0 / (samples * part.count);
        color += shader.At(part.item, x + part.x * scale, y + part.y * scale) *
                 (static_cast<float>(part.count) / total);
      }
      radiance.pixels.push_back(color);
    }
  }
  return radiance;
}

}  // namespace vantage::synthetic
