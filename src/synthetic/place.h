// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <Eigen/Core>
#include <functional>
#include <memory>
#include <vector>

#include "synthetic/canvas.h"
#include "synthetic/noise.h"

namespace vantage::synthetic {

// How to paint a texture. Textures are painted only when the views are known, so that none is finer than the
// nearest view needs.
struct TextureRecipe {
  double width = 1;  // metres
  double height = 1;
  double max_density = 80;   // texels per metre
  bool wraps = false;        // a sheet of material that many faces share; it repeats
  bool transparent = false;  // begins transparent: a cut-out
  std::function<void(Canvas&)> paint;
};

// Paints a canvas, with details drawn from a random stream.
using Painter = std::function<void(Canvas&, const NoiseField&, RandomStream&)>;
// Makes a recipe's `paint`: calls the painter with the place's noise and a fresh copy of the stream, so that
// every call paints the same.
std::function<void(Canvas&)> BindPainter(Painter painter, std::shared_ptr<const NoiseField> noise,
                                         const RandomStream& random);

enum class SurfaceKind {
  kLandmark,
  kSurroundings,
  kGround,
  kTransient  // present in one photo only
};

// A planar face: all points origin + u * u_axis + v * v_axis with (u, v) inside the outline.
struct Surface {
  Eigen::Vector3d origin = Eigen::Vector3d::Zero();
  Eigen::Vector3d u_axis = Eigen::Vector3d::UnitX();  // the axes have unit length and are orthogonal
  Eigen::Vector3d v_axis = Eigen::Vector3d::UnitZ();
  std::vector<Eigen::Vector2d> outline;  // convex, counter-clockwise seen from the front; metres
  int texture = 0;
  Eigen::Vector2d texture_offset = Eigen::Vector2d::Zero();  // texture coordinates of (u, v) = 0; metres
  SurfaceKind kind = SurfaceKind::kLandmark;
  bool two_sided = false;
  bool cut_out = false;  // exists only where the texture is opaque

  Eigen::Vector3d Normal() const { return u_axis.cross(v_axis); }
  Eigen::Vector3d At(const Eigen::Vector2d& uv) const { return origin + uv.x() * u_axis + uv.y() * v_axis; }
};

// A local frame: x to the right, y into the depth, z up, turned about z by `yaw` (radians).
struct Frame {
  Eigen::Vector3d origin = Eigen::Vector3d::Zero();
  double yaw = 0;

  Eigen::Vector3d At(double x, double y, double z) const;
  Frame Moved(double x, double y, double z, double turn = 0) const { return {At(x, y, z), yaw + turn}; }
};

// A region that no camera can stand in: an upright box in a frame.
struct Obstacle {
  Frame frame;
  Eigen::Vector3d low;
  Eigen::Vector3d high;

  bool Contains(const Eigen::Vector3d& point, double margin) const;
};

// A landmark and its surroundings.
struct Place {
  std::shared_ptr<const NoiseField> noise;
  std::vector<TextureRecipe> recipes;
  std::vector<Surface> surfaces;
  std::vector<Obstacle> obstacles;
  double radius = 10;  // of the landmark around the origin, in plan; metres
  double height = 10;  // of its main roof; metres
};

// Builds a Place.
class PlaceBuilder {
 public:
  explicit PlaceBuilder(RandomStream random);

  RandomStream& random() { return random_; }

  // Sets the kind of the faces that are added from now on.
  void SetKind(SurfaceKind kind) { kind_ = kind; }
  void SetExtent(double radius, double height);

  // Adds a sheet of material, 8 m x 8 m, that repeats, and returns its texture's number.
  int AddSheet(const RandomStream& random, Painter painter);
  // Adds a convex flat face, its texture cut from a sheet at a random place. corners: counter-clockwise seen
  // from outside.
  void AddFace(const std::vector<Eigen::Vector3d>& corners, int sheet, bool two_sided = false);
  // The same with its own texture, painted in the face's (u, v): u horizontal to the right, v up.
  void AddPaintedFace(const std::vector<Eigen::Vector3d>& corners, double max_density,
                      const RandomStream& random, Painter painter, bool two_sided = false,
                      bool cut_out = false);
  // Adds an upright box. It has a bottom only if that is at least 1.5 m above the ground (z = 0).
  void AddBox(const Frame& frame, const Eigen::Vector3d& low, const Eigen::Vector3d& high, int sheet);
  // Adds a solid of revolution about the frame's z axis. profile: (radius, z) from the bottom.
  void AddLathe(const Frame& frame, const std::vector<Eigen::Vector2d>& profile, int sides, int sheet);
  void AddObstacle(const Obstacle& obstacle) { place_.obstacles.push_back(obstacle); }
  const std::vector<Obstacle>& obstacles() const { return place_.obstacles; }

  Place Build() && { return std::move(place_); }

 private:
  Surface MakeSurface(const std::vector<Eigen::Vector3d>& corners) const;

  RandomStream random_;
  SurfaceKind kind_ = SurfaceKind::kLandmark;
  Place place_;
};

}  // namespace vantage::synthetic
