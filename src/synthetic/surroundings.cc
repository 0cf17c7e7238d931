// SPDX-License-Identifier: BSD-3-Clause
#include "synthetic/building.h"
#include "synthetic/landmark.h"
#include "synthetic/walls.h"

namespace vantage::synthetic {
namespace {

constexpr double kPlazaHalf = 46;    // metres
constexpr double kGroundHalf = 160;  // metres

// Paints slabs, setts or gravel, with another pattern in the middle, drains and stains.
void PaintPlaza(Canvas& canvas, const NoiseField& noise, RandomStream& random) {
  const Extent extent = canvas.extent();
  const auto tone = static_cast<float>(random.Uniform(0.48, 0.66));
  const Color base = tone * Color(1.0F, static_cast<float>(random.Uniform(0.93, 0.99)),
                                  static_cast<float>(random.Uniform(0.84, 0.95)));
  const Color second = base * static_cast<float>(random.Uniform(0.7, 0.9));
  const double slab = random.Uniform(0.7, 1.5);
  const double aspect = random.Uniform(0.6, 1.6);
  const double field = random.Uniform(4, 9);
  canvas.FillRect(extent, 0.6F * base);
  int row = 0;
  for (double v = 0; v < extent.v1; v += slab, ++row) {
    for (double u = row % 2 == 0 ? 0 : -0.5 * slab * aspect; u < extent.u1; u += slab * aspect) {
      const bool other = std::fmod(u, field) < slab || std::fmod(v, field) < slab;
      const Color color = (other ? second : base) * static_cast<float>(random.Uniform(0.86, 1.12));
      canvas.FillRect({u, v, u + slab * aspect - 0.04, v + slab - 0.04}, color);
    }
  }
  const int circles = static_cast<int>(random.Below(4));
  for (int i = 0; i < circles; ++i) {
    const double u0 = random.Uniform(0.2, 0.8) * extent.u1;
    const double v0 = random.Uniform(0.1, 0.6) * extent.v1;
    const double radius = random.Uniform(2, 6);
    canvas.Fill(
        {u0 - radius, v0 - radius, u0 + radius, v0 + radius}, i % 2 == 0 ? second : Color(1.15F * base), 0.7,
        [&](double u, double v) { return std::abs(DistanceToCircle(u0, v0, 0.8 * radius, u, v)) - 0.3; });
  }
  const int lawns = static_cast<int>(random.Below(4));
  for (int i = 0; i < lawns; ++i) {
    const double u = random.Uniform(0, 0.8) * extent.u1;
    const double v = random.Uniform(0, 0.8) * extent.v1;
    const Extent lawn = {u, v, u + random.Uniform(5, 14), v + random.Uniform(4, 9)};
    canvas.FillRect(lawn.Grown(0.25), Color(0.62F, 0.60F, 0.56F));
    canvas.FillRect(lawn, Color(0.36F, 0.44F, 0.24F));
    canvas.Scale(lawn, [&](double x, double y) { return 1 + 0.25 * noise.Fractal(2 * x, 2 * y, 4); });
  }
  const int covers = 10 + static_cast<int>(random.Below(10));
  for (int i = 0; i < covers; ++i) {
    const double u0 = random.Uniform(0, extent.u1);
    const double v0 = random.Uniform(0, extent.v1);
    canvas.Fill({u0 - 1, v0 - 1, u0 + 1, v0 + 1}, Color(0.25F, 0.24F, 0.24F), 1,
                [&](double u, double v) { return DistanceToCircle(u0, v0, 0.38, u, v); });
  }
  const double shift = random.Uniform(0, 200);
  canvas.Scale(extent, [&](double u, double v) {
    return 1 + 0.16 * noise.Fractal(0.3 * u + shift, 0.3 * v, 5) + 0.09 * noise.At(6.1 * u + shift, 6.1 * v);
  });
  PaintStains(canvas, {0.04, {0.2, 1.1}, {0.15, 0.45}}, noise, random);
}

void PaintOuterGround(Canvas& canvas, const NoiseField& noise, RandomStream& random) {
  const Extent extent = canvas.extent();
  canvas.FillRect(extent, Color(0.47F, 0.46F, 0.44F));
  const double shift = random.Uniform(0, 200);
  canvas.Wash(extent, Color(0.38F, 0.42F, 0.27F),
              [&](double u, double v) { return 3 * noise.Fractal(0.03 * u + shift, 0.03 * v, 4); });
  canvas.Scale(extent,
               [&](double u, double v) { return 1 + 0.2 * noise.Fractal(0.4 * u, 0.4 * v + shift, 3); });
}

// Paints roofs and trees far away.
void PaintSkyline(Canvas& canvas, const NoiseField& noise, RandomStream& random) {
  const Extent extent = canvas.extent();
  const double shift = random.Uniform(0, 200);
  const auto hill = [&](double u) {
    return 0.35 * extent.v1 * (1 + 0.7 * noise.Fractal(0.03 * u + shift, 3.3, 3));
  };
  canvas.Fill(extent, Color(0.45F, 0.50F, 0.48F), 1, [&](double u, double v) { return v - hill(u); });
  const int houses = static_cast<int>(extent.u1 / 9);
  for (int i = 0; i < houses; ++i) {
    const double u = random.Uniform(0, extent.u1);
    const double width = random.Uniform(5, 14);
    const double height = random.Uniform(0.25, 0.7) * extent.v1;
    const auto tone = static_cast<float>(random.Uniform(0.45, 0.7));
    canvas.FillRect({u, 0, u + width, height}, Color(tone, 0.97F * tone, 0.92F * tone));
    const double rise = random.Uniform(0, 3);
    const Color roof = random.Chance(0.5) ? Color(0.50F, 0.38F, 0.34F) : Color(0.42F, 0.43F, 0.46F);
    canvas.Fill({u - 1, height - 0.1, u + width + 1, height + rise}, roof, 1, [&](double x, double y) {
      return y - height - rise * (1 - std::abs(x - u - 0.5 * width) / (0.55 * width));
    });
    for (double v = 1.5; v + 1.5 < height; v += 3) {
      for (double x = u + 0.8; x + 1 < u + width; x += 2.2) {
        canvas.FillRect({x, v, x + 0.9, v + 1.4}, Color(0.28F, 0.30F, 0.33F));
      }
    }
  }
  const int trees = static_cast<int>(extent.u1 / 5);
  for (int i = 0; i < trees; ++i) {
    const double u0 = random.Uniform(0, extent.u1);
    const double radius = random.Uniform(1.5, 4);
    const Color leaves = Color(0.30F, 0.37F, 0.24F) * static_cast<float>(random.Uniform(0.8, 1.3));
    canvas.Fill({u0 - 6, 0, u0 + 6, extent.v1}, leaves, 1, [&](double u, double v) {
      return DistanceToCircle(u0, radius, radius, u, v) + noise.Fractal(0.8 * u, 0.8 * v, 2);
    });
  }
}

// The look of a plain house of the town.
Look NeighbourLook(const Look& landmark, RandomStream& random) {
  static const std::vector<Color> kColors = {Color(0.80F, 0.77F, 0.70F), Color(0.72F, 0.70F, 0.67F),
                                             Color(0.83F, 0.75F, 0.62F), Color(0.66F, 0.62F, 0.58F)};
  Style style = random.Chance(0.35) ? landmark.style : Styles()[random.Below(2) == 0 ? 2 : 6];
  style.wall = random.Chance(0.25) ? Wall::kBrick : Wall::kPlaster;
  style.wall_color = random.Chance(0.3) ? landmark.style.wall_color : kColors[random.Below(kColors.size())];
  style.wall_second = 0.93F * style.wall_color;
  style.portico = 0;
  style.pilasters = 0;
  style.balconies = 0.1;
  style.floors = {2, 5};
  return DrawLook(style, random);
}

void AddGround(PlaceBuilder& builder) {
  builder.SetKind(SurfaceKind::kGround);
  const auto square = [](double half, double z) {
    return std::vector<Eigen::Vector3d>{
        {-half, -half, z}, {half, -half, z}, {half, half, z}, {-half, half, z}};
  };
  const RandomStream random(builder.random().Next(), "ground");
  builder.AddPaintedFace(square(kPlazaHalf, 0), 15, random, PaintPlaza);
  builder.AddPaintedFace(square(kGroundHalf, -0.05), 2.5, random, PaintOuterGround);
}

void AddNeighbours(PlaceBuilder& builder, double radius, const Look& landmark) {
  builder.SetKind(SurfaceKind::kSurroundings);
  RandomStream& random = builder.random();
  const int count = 13;
  for (int i = 0; i < count; ++i) {
    const double angle = kTurn * (i + random.Uniform(-0.25, 0.25)) / count;
    // The town is nearer behind the landmark (+y), where no photo is taken.
    const bool behind = std::sin(angle) > 0.6;
    const double distance = behind ? radius + random.Uniform(8, 22) : random.Uniform(56, 72);
    if (random.Chance(0.1)) continue;
    const Look look = NeighbourLook(landmark, random);
    Block block;
    block.width = random.Uniform(10, 20);
    block.depth = 9;
    block.height = look.floors * look.floor_height;
    block.roof = look.style.roofs[random.Below(look.style.roofs.size())];
    block.front = FacadeRole::kSide;
    block.max_density = 25;
    const Frame frame = {{distance * std::cos(angle), distance * std::sin(angle), 0},
                         angle - kTurn / 4 + random.Uniform(-0.3, 0.3)};
    AddBlock(builder, frame.Moved(-0.5 * block.width, 0, 0), block, look, AddMaterials(builder, look));
  }
}

void AddSkyline(PlaceBuilder& builder) {
  const int sides = 10;
  const double radius = 120;
  for (int i = 0; i < sides; ++i) {
    const auto corner = [&](int k, double z) {
      const double angle = kTurn * k / sides;
      return Eigen::Vector3d(radius * std::cos(angle), radius * std::sin(angle), z);
    };
    // The face is seen from inside.
    builder.AddPaintedFace({corner(i + 1, 0), corner(i, 0), corner(i, 16), corner(i + 1, 16)}, 8,
                           RandomStream(builder.random().Next(), "skyline"), PaintSkyline,
                           /*two_sided=*/false, /*cut_out=*/true);
  }
}

}  // namespace

void AddSurroundings(PlaceBuilder& builder, double radius, const Look& landmark) {
  AddGround(builder);
  AddNeighbours(builder, radius, landmark);
  AddSkyline(builder);
}

}  // namespace vantage::synthetic
