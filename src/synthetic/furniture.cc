// SPDX-License-Identifier: BSD-3-Clause
#include "synthetic/furniture.h"

#include "synthetic/walls.h"

namespace vantage::synthetic {
namespace {

// Adds a standing figure: gown, waist, shoulders, neck, head, and an arm.
void AddFigure(PlaceBuilder& builder, const Frame& frame, double height, int sheet) {
  RandomStream& random = builder.random();
  const double gown = random.Uniform(0.17, 0.26) * height;
  const double shoulders = random.Uniform(0.13, 0.18) * height;
  builder.AddLathe(frame,
                   {{gown, 0},
                    {0.75 * gown, 0.3 * height},
                    {random.Uniform(0.08, 0.13) * height, 0.52 * height},
                    {shoulders, 0.74 * height},
                    {0.05 * height, 0.82 * height},
                    {0.08 * height, 0.88 * height},
                    {0.08 * height, 0.94 * height},
                    {0, height}},
                   7, sheet);
  const double side = random.Chance(0.5) ? 1 : -1;
  const double reach = side * random.Uniform(0.2, 0.34) * height;
  const double level = random.Uniform(0.55, 0.8) * height;
  builder.AddBox(frame, {std::min(0.0, reach), -0.06 * height, level},
                 {std::max(0.0, reach), 0.04 * height, level + 0.08 * height}, sheet);
  if (random.Chance(0.5)) {  // a staff or a sword
    builder.AddBox(frame, {reach - 0.03, -0.08 * height, 0.1 * height},
                   {reach + 0.03, -0.08 * height + 0.06, random.Uniform(0.9, 1.3) * height}, sheet);
  }
}

void AddPedestal(PlaceBuilder& builder, const Frame& frame, double half, double height, int sheet) {
  builder.AddBox(frame, {-1.5 * half, -1.5 * half, 0}, {1.5 * half, 1.5 * half, 0.2 * height}, sheet);
  builder.AddBox(frame, {-half, -half, 0.2 * height}, {half, half, 0.9 * height}, sheet);
  builder.AddBox(frame, {-1.2 * half, -1.2 * half, 0.9 * height}, {1.2 * half, 1.2 * half, height}, sheet);
}

bool IsFree(const PlaceBuilder& builder, const Eigen::Vector3d& point, double margin) {
  for (const Obstacle& obstacle : builder.obstacles()) {
    if (obstacle.Contains(point, margin)) return false;
  }
  return true;
}

void AddBench(PlaceBuilder& builder, const Frame& frame, const Materials& materials) {
  builder.AddBox(frame, {-0.9, -0.25, 0.42}, {0.9, 0.25, 0.5}, materials.wood);
  builder.AddBox(frame, {-0.9, 0.2, 0.5}, {0.9, 0.27, 0.95}, materials.wood);
  for (const double x : {-0.75, 0.65}) {
    builder.AddBox(frame, {x, -0.2, 0}, {x + 0.1, 0.25, 0.42}, materials.trim);
  }
}

void AddKiosk(PlaceBuilder& builder, const Frame& frame, const Look& look, const Materials& materials) {
  const double half = builder.random().Uniform(0.8, 1.4);
  Look painted = look;
  painted.emblem = builder.random().Next();
  for (int side = 0; side < 4; ++side) {
    const Frame wall = frame.Moved(0, 0, 0, side * kTurn / 4).Moved(-half, -half, 0);
    builder.AddPaintedFace(
        {wall.At(0, 0, 0), wall.At(2 * half, 0, 0), wall.At(2 * half, 0, 2.4), wall.At(0, 0, 2.4)}, 60,
        RandomStream(builder.random().Next(), "kiosk"),
        [painted, half, side](Canvas& canvas, const NoiseField& noise, RandomStream& random) {
          PaintTrim(canvas, painted.style.door, noise, random);
          const Extent poster = {0.2, 0.4, 2 * half - 0.2, 1.7};
          Look own = painted;
          own.emblem += static_cast<uint64_t>(side);
          PaintOrnament(canvas, {OrnamentKind::kMural, poster}, own, noise, random);
          PaintOrnament(canvas, {OrnamentKind::kSign, {0.1, 1.8, 2 * half - 0.1, 2.3}}, painted, noise,
                        random);
        });
  }
  builder.AddBox(frame, {-half - 0.3, -half - 0.3, 2.4}, {half + 0.3, half + 0.3, 2.6}, materials.roof);
  builder.AddObstacle({frame, {-half, -half, 0}, {half, half, 2.6}});
}

}  // namespace

void AddPortico(PlaceBuilder& builder, const Frame& wall, double width, double height, const Look& look,
                const Materials& materials) {
  RandomStream& random = builder.random();
  const double depth = random.Uniform(1.6, 2.8);
  const int columns = 2 * (1 + static_cast<int>(random.Below(3))) + (width > 9 ? 2 : 0);
  const double radius = std::min(0.045 * height + 0.08, 0.25 * width / columns);
  const double beam = 0.13 * height;
  const double top = height - beam;
  for (int i = 0; i < columns; ++i) {
    const double x = 1.5 * radius + (width - 3 * radius) * i / (columns - 1);
    const Frame foot = wall.Moved(x, -depth + 1.5 * radius, 0);
    builder.AddBox(foot, {-1.4 * radius, -1.4 * radius, 0}, {1.4 * radius, 1.4 * radius, 0.5 * radius},
                   materials.trim);
    builder.AddLathe(foot,
                     {{1.15 * radius, 0.5 * radius},
                      {radius, radius},
                      {0.85 * radius, top - radius},
                      {1.3 * radius, top - 0.4 * radius}},
                     9, materials.trim);
    builder.AddBox(foot, {-1.4 * radius, -1.4 * radius, top - 0.4 * radius},
                   {1.4 * radius, 1.4 * radius, top}, materials.trim);
  }
  // The beam carries the landmark's name.
  const RandomStream paint(random.Next(), "portico");
  const Frame front = wall.Moved(0, -depth, 0);
  builder.AddBox(front, {0, 0, top}, {width, depth, height}, materials.trim);
  builder.AddPaintedFace(
      {front.At(0, -0.02, top), front.At(width, -0.02, top), front.At(width, -0.02, height),
       front.At(0, -0.02, height)},
      70, paint, [look, width, beam](Canvas& canvas, const NoiseField& noise, RandomStream& stream) {
        PaintTrim(canvas, look.style.trim, noise, stream);
        PaintOrnament(canvas, {OrnamentKind::kSign, {0.2 * width, 0.15 * beam, 0.8 * width, 0.85 * beam}},
                      look, noise, stream);
      });
  if (random.Chance(0.7)) {
    const double rise = random.Uniform(0.16, 0.26) * width;
    builder.AddPaintedFace(
        {front.At(-0.3, -0.2, height), front.At(width + 0.3, -0.2, height),
         front.At(0.5 * width, -0.2, height + rise)},
        70, RandomStream(random.Next(), "pediment"),
        [look, width, rise](Canvas& canvas, const NoiseField& noise, RandomStream& stream) {
          PaintTrim(canvas, 0.95F * look.style.trim, noise, stream);
          const double size = 0.55 * rise;
          const double middle = 0.5 * width + 0.3;
          PaintOrnament(canvas,
                        {OrnamentKind::kEmblem,
                         {middle - 0.45 * size, 0.1 * rise, middle + 0.45 * size, 0.1 * rise + size}},
                        look, noise, stream);
          PaintWeathering(canvas, look.weathering, noise, stream);
        });
    const auto slope = [&](double from, double to) {
      const double ridge = 0.5 * width;
      const double z0 = height + (from == ridge ? rise : 0.0) + 0.02;
      const double z1 = height + (to == ridge ? rise : 0.0) + 0.02;
      builder.AddFace({front.At(from, -0.4, z0), front.At(to, -0.4, z1), front.At(to, depth, z1),
                       front.At(from, depth, z0)},
                      materials.roof, /*two_sided=*/true);
    };
    slope(-0.4, 0.5 * width);
    slope(0.5 * width, width + 0.4);
  }
  builder.AddObstacle({front, {0, 0, 0}, {width, depth, height}});
}

void AddSteps(PlaceBuilder& builder, const Frame& wall, double width, int count, const Materials& materials) {
  for (int i = 0; i < count; ++i) {
    const double reach = 0.4 * (count - i);
    builder.AddBox(wall, {-reach, -reach - 2.6, 0.17 * i}, {width + reach, 0, 0.17 * (i + 1)},
                   materials.trim);
  }
}

void AddMonument(PlaceBuilder& builder, const Frame& frame, const Materials& materials) {
  RandomStream& random = builder.random();
  const double half = random.Uniform(0.5, 0.9);
  const double pedestal = random.Uniform(1.2, 2.6);
  switch (random.Below(4)) {
    case 0:
      AddPedestal(builder, frame, half, pedestal, materials.trim);
      AddFigure(builder, frame.Moved(0, 0, pedestal), random.Uniform(1.9, 2.8), materials.trim);
      break;
    case 1:
      AddPedestal(builder, frame, half, 0.7 * pedestal, materials.wall);
      builder.AddLathe(frame.Moved(0, 0, 0.7 * pedestal), {{0.8 * half, 0}, {0.45 * half, 5.5}, {0, 6.3}}, 4,
                       materials.trim);
      break;
    case 2:
      builder.AddLathe(frame,
                       {{2.6, 0},
                        {2.8, 0.7},
                        {2.4, 0.7},
                        {2.4, 0.4},
                        {0.5, 0.4},
                        {0.35, 1.8},
                        {1.2, 2.1},
                        {1.1, 2.2},
                        {0.2, 2.2},
                        {0.25, 3.0},
                        {0, 3.2}},
                       12, materials.trim);
      break;
    default:
      AddPedestal(builder, frame, half, 0.6 * pedestal, materials.trim);
      builder.AddLathe(frame.Moved(0, 0, 0.6 * pedestal),
                       {{0.55 * half, 0}, {0.45 * half, 4.2}, {0.8 * half, 4.5}}, 10, materials.wall);
      AddFigure(builder, frame.Moved(0, 0, 0.6 * pedestal + 4.5), 1.7, materials.trim);
  }
  builder.AddObstacle({frame, {-1.5 * half, -1.5 * half, 0}, {1.5 * half, 1.5 * half, 6}});
}

void AddStreetFurniture(PlaceBuilder& builder, double inner_radius, double outer_radius, const Look& look,
                        const Materials& materials) {
  RandomStream& random = builder.random();
  const int count = 8 + static_cast<int>(random.Below(10));
  for (int i = 0; i < count; ++i) {
    const double angle = random.Uniform(0, kTurn);
    const double radius = random.Uniform(inner_radius, outer_radius);
    const Frame frame = {{radius * std::cos(angle), radius * std::sin(angle), 0}, random.Uniform(0, kTurn)};
    const uint64_t kind = random.Below(6);
    if (!IsFree(builder, frame.origin, 1.5)) continue;
    switch (kind) {
      case 0:
        AddBench(builder, frame, materials);
        break;
      case 1:
        builder.AddBox(frame, {-0.8, -0.8, 0}, {0.8, 0.8, 0.7}, materials.trim);
        builder.AddLathe(frame, {{0.7, 0.7}, {0.9, 1.1}, {0.5, 1.7}, {0, 1.9}}, 8, materials.roof);
        break;
      case 2:
        builder.AddLathe(frame, {{0.14, 0}, {0.07, 0.4}, {0.05, 4.0}, {0.22, 4.1}, {0.26, 4.5}, {0, 4.8}}, 6,
                         materials.wood);
        break;
      case 3:
        for (int k = 0; k < 4; ++k) {
          builder.AddLathe(frame.Moved(1.5 * k, 0, 0), {{0.13, 0}, {0.13, 0.8}, {0, 0.95}}, 6,
                           materials.trim);
        }
        break;
      case 4:
        if (random.Chance(0.5)) AddKiosk(builder, frame, look, materials);
        break;
      default:
        builder.AddBox(frame, {-1.5, -0.2, 0}, {1.5, 0.2, random.Uniform(0.5, 1.1)}, materials.wall);
    }
  }
}

}  // namespace vantage::synthetic
