// SPDX-License-Identifier: BSD-3-Clause
#include "synthetic/building.h"
#include "synthetic/walls.h"

namespace vantage::synthetic {
namespace {

constexpr double kEaves = 0.45;  // how far a roof reaches over its walls, metres

void AddSlope(PlaceBuilder& builder, const std::vector<Eigen::Vector3d>& corners, const Look& look) {
  builder.AddPaintedFace(
      corners, 50, RandomStream(builder.random().Next(), "roof"),
      [look](Canvas& canvas, const NoiseField& noise, RandomStream& random) {
        PaintRoofCover(canvas, look, noise, random);
      },
      /*two_sided=*/true);
}

// Adds a window that stands out of a slope. The eaves are on the frame's x axis; y points up the slope, in
// plan.
void AddDormer(PlaceBuilder& builder, const Frame& slope, double x, double pitch, const Look& look,
               const Materials& materials) {
  const double width = 1.2;
  const double height = 1.5;
  const double y = 0.9;
  const double z = y * pitch;
  const double depth = height / pitch;
  builder.AddBox(slope, {x - 0.5 * width, y, z}, {x + 0.5 * width, y + depth, z + height}, materials.wall);
  Opening opening;
  opening.arch = look.upper_arch;
  opening.rect = {0.2, 0.25, width - 0.2, height - 0.2};
  const double front = y - 0.03;
  builder.AddPaintedFace(
      {slope.At(x - 0.5 * width, front, z), slope.At(x + 0.5 * width, front, z),
       slope.At(x + 0.5 * width, front, z + height), slope.At(x - 0.5 * width, front, z + height)},
      60, RandomStream(builder.random().Next(), "dormer"),
      [look, opening](Canvas& canvas, const NoiseField& noise, RandomStream& random) {
        PaintTrim(canvas, look.style.wall_color, noise, random);
        Look plain = look;
        plain.shutters = false;
        plain.dressing = Dressing::kFrame;
        PaintOpening(canvas, opening, plain, noise, random);
      });
  builder.AddBox(slope, {x - 0.6 * width, y - 0.2, z + height},
                 {x + 0.6 * width, y + depth, z + height + 0.15}, materials.roof);
}

void AddChimneys(PlaceBuilder& builder, const Frame& frame, const Block& block, double rise,
                 const Materials& materials) {
  const int count = static_cast<int>(builder.random().Below(4));
  for (int i = 0; i < count; ++i) {
    const double x = builder.random().Uniform(0.15, 0.85) * block.width;
    const double y = builder.random().Uniform(0.3, 0.7) * block.depth;
    const double size = builder.random().Uniform(0.6, 1.1);
    const double top = block.height + rise + builder.random().Uniform(0.4, 1.4);
    builder.AddBox(frame, {x, y, block.height}, {x + size, y + 0.7, top}, materials.wall);
    builder.AddBox(frame, {x - 0.1, y - 0.1, top}, {x + size + 0.1, y + 0.8, top + 0.2}, materials.trim);
  }
}

void AddFlatRoof(PlaceBuilder& builder, const Frame& frame, const Block& block, const Materials& materials) {
  const double z = block.height + 0.3;
  if (block.battlements) {
    const double step = 1.3;
    const auto row = [&](const Frame& edge, double length) {
      for (double x = -0.3; x + 0.7 < length + 0.3; x += step) {
        builder.AddBox(edge, {x, -0.3, z}, {x + 0.7, 0.1, z + 0.9}, materials.wall);
      }
    };
    row(frame, block.width);
    row(frame.Moved(block.width, 0, 0, kRightAngle), block.depth);
    row(frame.Moved(block.width, block.depth, 0, 2 * kRightAngle), block.width);
    row(frame.Moved(0, block.depth, 0, -kRightAngle), block.depth);
    return;
  }
  const int boxes = static_cast<int>(builder.random().Below(4));
  for (int i = 0; i < boxes; ++i) {
    const double x = builder.random().Uniform(0.1, 0.7) * block.width;
    const double y = builder.random().Uniform(0.2, 0.6) * block.depth;
    const double width = builder.random().Uniform(0.1, 0.25) * block.width;
    builder.AddBox(frame, {x, y, z},
                   {x + width, y + 0.25 * block.depth, z + builder.random().Uniform(0.8, 2.4)},
                   materials.wall);
  }
}

// Adds a pyramid; steep and bent for a spire.
void AddSpire(PlaceBuilder& builder, const Frame& frame, const Block& block, const Look& look) {
  const double steepness = builder.random().Uniform(1.2, 3.2);
  const double half = 0.5 * block.width;
  const Frame middle = frame.Moved(half, 0.5 * block.depth, block.height);
  const double rise = steepness * half * 2;
  const bool bent = builder.random().Chance(0.5);
  std::vector<Eigen::Vector2d> rings = {{half + kEaves, 0}};
  if (bent) rings.emplace_back(0.55 * half, 0.22 * rise);
  rings.emplace_back(0, rise);
  const auto corner = [&](const Eigen::Vector2d& ring, int side) {
    const double sx = side == 0 || side == 3 ? -1 : 1;
    const double sy = side < 2 ? -1 : 1;
    return middle.At(sx * ring.x(), sy * ring.x(), ring.y());
  };
  for (size_t i = 1; i < rings.size(); ++i) {
    for (int side = 0; side < 4; ++side) {
      std::vector<Eigen::Vector3d> corners = {
          corner(rings[i - 1], side), corner(rings[i - 1], (side + 1) % 4), corner(rings[i], (side + 1) % 4)};
      if (rings[i].x() > 0) corners.push_back(corner(rings[i], side));
      AddSlope(builder, corners, look);
    }
  }
}

}  // namespace

double RoofRise(const Block& block, const Look& look) {
  if (block.roof == RoofKind::kFlat) return 0;
  const double run = 0.5 * (block.roof == RoofKind::kHip ? std::min(block.width, block.depth)
                            : block.ridge_along_depth    ? block.width
                                                         : block.depth);
  return run * look.pitch;
}

void AddRoof(PlaceBuilder& builder, const Frame& frame, const Block& block, const Look& look,
             const Materials& materials) {
  if (block.spire) return AddSpire(builder, frame, block, look);
  if (block.roof == RoofKind::kFlat) return AddFlatRoof(builder, frame, block, materials);
  const double rise = RoofRise(block, look);
  // In a frame whose x axis is the ridge's.
  const bool turned = block.ridge_along_depth || (block.roof == RoofKind::kHip && block.depth > block.width);
  const Frame ridge =
      turned ? frame.Moved(block.width, 0, block.height, kRightAngle) : frame.Moved(0, 0, block.height);
  const double length = turned ? block.depth : block.width;
  const double depth = turned ? block.width : block.depth;
  const double pitch = rise / (0.5 * depth);
  const double drop = -kEaves * pitch;
  const double inset = block.roof == RoofKind::kHip ? 0.5 * depth : 0;
  const double over = block.roof == RoofKind::kHip ? kEaves : 0.25;
  const double front = -kEaves;
  const double back = depth + kEaves;
  const Eigen::Vector3d ridge_left = ridge.At(inset > 0 ? inset : -over, 0.5 * depth, rise);
  const Eigen::Vector3d ridge_right = ridge.At(inset > 0 ? length - inset : length + over, 0.5 * depth, rise);
  const Eigen::Vector3d eaves[] = {ridge.At(-over, front, drop), ridge.At(length + over, front, drop),
                                   ridge.At(length + over, back, drop), ridge.At(-over, back, drop)};
  const bool point = inset > 0 && length - 2 * inset < 0.01;
  const auto slope = [&](const Eigen::Vector3d& a, const Eigen::Vector3d& b, const Eigen::Vector3d& c,
                         const Eigen::Vector3d& d) {
    AddSlope(builder, point ? std::vector{a, b, c} : std::vector{a, b, c, d}, look);
  };
  slope(eaves[0], eaves[1], ridge_right, ridge_left);
  slope(eaves[2], eaves[3], ridge_left, ridge_right);
  if (inset > 0) {
    AddSlope(builder, {eaves[1], eaves[2], ridge_right}, look);
    AddSlope(builder, {eaves[3], eaves[0], ridge_left}, look);
  }
  AddChimneys(builder, frame, block, 0.5 * rise, materials);
  if (block.front != FacadeRole::kFront || pitch < 0.5 || builder.random().Chance(0.4)) return;
  const int dormers = 1 + static_cast<int>(builder.random().Below(4));
  const double first = inset + 1.2;
  const double step = (length - 2 * first) / dormers;
  for (int i = 0; i < dormers && step > 1.6; ++i) {
    AddDormer(builder, ridge, first + step * (i + 0.5), pitch, look, materials);
  }
}

}  // namespace vantage::synthetic
