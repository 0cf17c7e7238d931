// SPDX-License-Identifier: BSD-3-Clause
#include "synthetic/place.h"

#include <Eigen/Geometry>

namespace vantage::synthetic {
namespace {

constexpr double kSheetSize = 8;

}  // namespace

std::function<void(Canvas&)> BindPainter(Painter painter, std::shared_ptr<const NoiseField> noise,
                                         const RandomStream& random) {
  return [painter = std::move(painter), noise = std::move(noise), random](Canvas& canvas) {
    RandomStream stream = random;
    painter(canvas, *noise, stream);
  };
}

Eigen::Vector3d Frame::At(double x, double y, double z) const {
  const double c = std::cos(yaw);
  const double s = std::sin(yaw);
  return origin + Eigen::Vector3d(c * x - s * y, s * x + c * y, z);
}

bool Obstacle::Contains(const Eigen::Vector3d& point, double margin) const {
  const Eigen::Vector3d offset = point - frame.origin;
  const double c = std::cos(frame.yaw);
  const double s = std::sin(frame.yaw);
  const Eigen::Vector3d local(c * offset.x() + s * offset.y(), -s * offset.x() + c * offset.y(), offset.z());
  return (local.array() > low.array() - margin).all() && (local.array() < high.array() + margin).all();
}

PlaceBuilder::PlaceBuilder(RandomStream random) : random_(random) {
  place_.noise = std::make_shared<const NoiseField>(random_);
  random_.Next();
}

void PlaceBuilder::SetExtent(double radius, double height) {
  place_.radius = radius;
  place_.height = height;
}

int PlaceBuilder::AddSheet(const RandomStream& random, Painter painter) {
  TextureRecipe recipe;
  recipe.width = kSheetSize;
  recipe.height = kSheetSize;
  recipe.wraps = true;
  recipe.paint = BindPainter(std::move(painter), place_.noise, random);
  place_.recipes.push_back(std::move(recipe));
  return static_cast<int>(place_.recipes.size()) - 1;
}

Surface PlaceBuilder::MakeSurface(const std::vector<Eigen::Vector3d>& corners) const {
  Surface surface;
  Eigen::Vector3d normal = Eigen::Vector3d::Zero();
  for (size_t i = 2; i < corners.size(); ++i) {
    normal += (corners[i - 1] - corners[0]).cross(corners[i] - corners[0]);
  }
  normal.normalize();
  const Eigen::Vector3d level = Eigen::Vector3d::UnitZ().cross(normal);
  surface.u_axis = level.norm() > 1e-6 ? level.normalized() : Eigen::Vector3d::UnitX();
  surface.v_axis = normal.cross(surface.u_axis);
  Eigen::Vector2d low = Eigen::Vector2d::Constant(1e9);
  for (const Eigen::Vector3d& corner : corners) {
    surface.outline.emplace_back((corner - corners[0]).dot(surface.u_axis),
                                 (corner - corners[0]).dot(surface.v_axis));
    low = low.cwiseMin(surface.outline.back());
  }
  for (Eigen::Vector2d& corner : surface.outline) corner -= low;
  surface.origin = corners[0] + low.x() * surface.u_axis + low.y() * surface.v_axis;
  surface.kind = kind_;
  return surface;
}

void PlaceBuilder::AddFace(const std::vector<Eigen::Vector3d>& corners, int sheet, bool two_sided) {
  Surface surface = MakeSurface(corners);
  surface.texture = sheet;
  surface.texture_offset = {random_.Uniform(0, kSheetSize), random_.Uniform(0, kSheetSize)};
  surface.two_sided = two_sided;
  place_.surfaces.push_back(std::move(surface));
}

void PlaceBuilder::AddPaintedFace(const std::vector<Eigen::Vector3d>& corners, double max_density,
                                  const RandomStream& random, Painter painter, bool two_sided, bool cut_out) {
  Surface surface = MakeSurface(corners);
  surface.texture = static_cast<int>(place_.recipes.size());
  surface.two_sided = two_sided;
  surface.cut_out = cut_out;
  TextureRecipe recipe;
  recipe.width = 0;
  recipe.height = 0;
  for (const Eigen::Vector2d& corner : surface.outline) {
    recipe.width = std::max(recipe.width, corner.x());
    recipe.height = std::max(recipe.height, corner.y());
  }
  recipe.max_density = max_density;
  recipe.transparent = cut_out;
  recipe.paint = BindPainter(std::move(painter), place_.noise, random);
  place_.recipes.push_back(std::move(recipe));
  place_.surfaces.push_back(std::move(surface));
}

void PlaceBuilder::AddBox(const Frame& frame, const Eigen::Vector3d& low, const Eigen::Vector3d& high,
                          int sheet) {
  const auto corner = [&](bool x, bool y, bool z) {
    return frame.At(x ? high.x() : low.x(), y ? high.y() : low.y(), z ? high.z() : low.z());
  };
  const auto face = [&](const Eigen::Vector3d& a, const Eigen::Vector3d& b, const Eigen::Vector3d& c,
                        const Eigen::Vector3d& d) {
    AddFace({a, b, c, d}, sheet);
  };
  face(corner(false, false, false), corner(true, false, false), corner(true, false, true),
       corner(false, false, true));
  face(corner(true, false, false), corner(true, true, false), corner(true, true, true),
       corner(true, false, true));
  face(corner(true, true, false), corner(false, true, false), corner(false, true, true),
       corner(true, true, true));
  face(corner(false, true, false), corner(false, false, false), corner(false, false, true),
       corner(false, true, true));
  face(corner(false, false, true), corner(true, false, true), corner(true, true, true),
       corner(false, true, true));
  if (frame.origin.z() + low.z() < 1.5) return;
  face(corner(false, true, false), corner(true, true, false), corner(true, false, false),
       corner(false, false, false));
}

void PlaceBuilder::AddLathe(const Frame& frame, const std::vector<Eigen::Vector2d>& profile, int sides,
                            int sheet) {
  const auto corner = [&](const Eigen::Vector2d& ring, int side) {
    const double angle = kTurn * (side + 0.5) / sides;
    return frame.At(ring.x() * std::cos(angle), ring.x() * std::sin(angle), ring.y());
  };
  for (size_t i = 1; i < profile.size(); ++i) {
    const Eigen::Vector2d& below = profile[i - 1];
    const Eigen::Vector2d& above = profile[i];
    for (int side = 0; side < sides; ++side) {
      std::vector<Eigen::Vector3d> corners = {corner(below, side)};
      if (below.x() > 0) corners.push_back(corner(below, side + 1));
      corners.push_back(corner(above, side + 1));
      if (above.x() > 0) corners.push_back(corner(above, side));
      AddFace(corners, sheet);
    }
  }
}

}  // namespace vantage::synthetic
