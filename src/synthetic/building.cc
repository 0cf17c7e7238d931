// SPDX-License-Identifier: BSD-3-Clause
#include "synthetic/building.h"

#include "synthetic/walls.h"

namespace vantage::synthetic {
namespace {

void AddBalcony(PlaceBuilder& builder, const Frame& wall, const Extent& window, const Materials& materials) {
  const double depth = 0.8;
  const double u0 = window.u0 - 0.35;
  const double u1 = window.u1 + 0.35;
  const double floor = window.v0 - 0.3;
  builder.AddBox(wall, {u0, -depth, floor - 0.2}, {u1, 0, floor}, materials.trim);
  // A rail on posts.
  builder.AddBox(wall, {u0, -depth, floor + 0.8}, {u1, -depth + 0.08, floor + 0.9}, materials.wood);
  const int posts = std::max(3, static_cast<int>((u1 - u0) / 0.3));
  for (int i = 0; i <= posts; ++i) {
    const double u = u0 + (u1 - u0 - 0.07) * i / posts;
    builder.AddBox(wall, {u, -depth, floor}, {u + 0.07, -depth + 0.07, floor + 0.8}, materials.wood);
  }
}

void AddPilasters(PlaceBuilder& builder, const Frame& wall, const FacadeLayout& layout,
                  const Materials& materials) {
  const double top = layout.spec.height - 0.1;
  for (const double u : layout.pilasters) {
    builder.AddBox(wall, {u - 0.28, -0.16, 0.7}, {u + 0.28, 0, top - 0.4}, materials.trim);
    builder.AddBox(wall, {u - 0.38, -0.24, 0}, {u + 0.38, 0, 0.7}, materials.trim);
    builder.AddBox(wall, {u - 0.38, -0.24, top - 0.4}, {u + 0.38, 0, top}, materials.trim);
  }
}

void AddButtresses(PlaceBuilder& builder, const Frame& wall, const FacadeSpec& spec, const Look& look,
                   const Materials& materials) {
  const int count = std::max(2, static_cast<int>(spec.width / (1.2 * look.bay)) + 1);
  for (int i = 0; i < count; ++i) {
    const double u = 0.4 + (spec.width - 0.8) * i / (count - 1);
    const double half = 0.35;
    builder.AddBox(wall, {u - half, -1.0, 0}, {u + half, 0, 0.45 * spec.height}, materials.wall);
    builder.AddBox(wall, {u - half, -0.6, 0.45 * spec.height}, {u + half, 0, 0.85 * spec.height},
                   materials.wall);
  }
}

// Adds the wall that begins at the frame's origin and runs along its x axis.
void AddWall(PlaceBuilder& builder, const Frame& wall, const FacadeSpec& spec, double max_density,
             const Look& look, const Materials& materials) {
  std::vector<Eigen::Vector3d> corners = {wall.At(0, 0, 0), wall.At(spec.width, 0, 0),
                                          wall.At(spec.width, 0, spec.height)};
  if (spec.gable > 0) corners.push_back(wall.At(0.5 * spec.width, 0, spec.height + spec.gable));
  corners.push_back(wall.At(0, 0, spec.height));
  const FacadeLayout layout = LayOutFacade(spec, look, builder.random());
  builder.AddPaintedFace(corners, max_density, RandomStream(builder.random().Next(), "facade"),
                         [layout, look](Canvas& canvas, const NoiseField& noise, RandomStream& random) {
                           PaintFacade(canvas, layout, look, noise, random);
                         });
  AddPilasters(builder, wall, layout, materials);
  for (const Extent& window : layout.balconies) AddBalcony(builder, wall, window, materials);
  const bool nave = spec.role == FacadeRole::kNave && spec.gable == 0;
  if (nave && look.style.buttresses > 0.5) AddButtresses(builder, wall, spec, look, materials);
}

// Adds a band below the eaves that stands out, with ornaments on its four sides.
void AddCornice(PlaceBuilder& builder, const Frame& frame, const Block& block, const Look& look,
                const Materials& materials) {
  const double out = look.style.wall == Wall::kConcrete ? 0.12 : 0.35;
  const double height = block.roof == RoofKind::kFlat ? 0.9 : 0.55;
  const double top = block.height + (block.roof == RoofKind::kFlat ? 0.3 : 0.02);
  const double x0 = -out;
  const double y0 = -out;
  const double x1 = block.width + out;
  const double y1 = block.depth + out;
  const double bottom = top - height;
  const auto side = [&](const Eigen::Vector3d& from, const Eigen::Vector3d& to) {
    const Eigen::Vector3d up(0, 0, height);
    builder.AddPaintedFace({from, to, to + up, from + up}, block.max_density,
                           RandomStream(builder.random().Next(), "frieze"),
                           [look](Canvas& canvas, const NoiseField& noise, RandomStream& random) {
                             PaintFrieze(canvas, look, noise, random);
                           });
  };
  const Eigen::Vector3d corners[] = {frame.At(x0, y0, bottom), frame.At(x1, y0, bottom),
                                     frame.At(x1, y1, bottom), frame.At(x0, y1, bottom)};
  for (int i = 0; i < 4; ++i) side(corners[i], corners[(i + 1) % 4]);
  builder.AddFace({corners[3], corners[2], corners[1], corners[0]}, materials.trim);
  builder.AddFace(
      {frame.At(x0, y0, top), frame.At(x1, y0, top), frame.At(x1, y1, top), frame.At(x0, y1, top)},
      block.roof == RoofKind::kFlat ? materials.roof : materials.trim);
}

}  // namespace

Materials AddMaterials(PlaceBuilder& builder, const Look& look) {
  const auto add = [&](Painter painter) {
    return builder.AddSheet(RandomStream(builder.random().Next(), "sheet"), std::move(painter));
  };
  Materials materials;
  materials.wall = add([look](Canvas& canvas, const NoiseField& noise, RandomStream& random) {
    PaintWall(canvas, canvas.extent(), look, noise, random);
    PaintWeathering(canvas, 0.7 * look.weathering, noise, random);
  });
  materials.trim = add([look](Canvas& canvas, const NoiseField& noise, RandomStream& random) {
    PaintTrim(canvas, look.style.trim, noise, random);
  });
  materials.roof = add([look](Canvas& canvas, const NoiseField& noise, RandomStream& random) {
    PaintRoofCover(canvas, look, noise, random);
  });
  materials.wood = add([look](Canvas& canvas, const NoiseField& noise, RandomStream& random) {
    PaintTrim(canvas, 0.8F * look.style.door, noise, random);
  });
  return materials;
}

void AddBlock(PlaceBuilder& builder, const Frame& frame, const Block& block, const Look& look,
              const Materials& materials) {
  const double rise = block.roof == RoofKind::kGable && !block.spire ? RoofRise(block, look) : 0;
  const auto wall = [&](const Frame& at, double width, FacadeRole role, bool gable) {
    AddWall(builder, at, {role, width, block.height, gable ? rise : 0}, block.max_density, look, materials);
  };
  wall(frame, block.width, block.front, block.ridge_along_depth);
  wall(frame.Moved(block.width, 0, 0, kRightAngle), block.depth, block.sides, !block.ridge_along_depth);
  wall(frame.Moved(block.width, block.depth, 0, 2 * kRightAngle), block.width, block.sides,
       block.ridge_along_depth);
  wall(frame.Moved(0, block.depth, 0, 3 * kRightAngle), block.depth, block.sides, !block.ridge_along_depth);
  if (rise == 0) AddCornice(builder, frame, block, look, materials);
  AddRoof(builder, frame, block, look, materials);
  builder.AddObstacle({frame, {0, 0, 0}, {block.width, block.depth, block.height + RoofRise(block, look)}});
}

}  // namespace vantage::synthetic
