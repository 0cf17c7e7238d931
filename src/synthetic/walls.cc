// SPDX-License-Identifier: BSD-3-Clause
#include "synthetic/walls.h"

namespace vantage::synthetic {
namespace {

Color Tinted(const Color& color, double spread, RandomStream& random) {
  const auto light = static_cast<float>(1 + spread * random.Uniform(-1, 1));
  const auto warm = static_cast<float>(0.25 * spread * random.Uniform(-1, 1));
  return (color * light * Color(1 + warm, 1, 1 - warm)).min(1.0F).max(0.0F);
}

// How the stones of a wall are cut. Metres.
struct Coursing {
  Span height;
  Span length;
  double joint = 0.012;
  double spread = 0.12;  // of the tints
  double bevel = 0;      // how much lighter the upper edge and darker the lower is
};

template <typename PickColor>
void PaintCourses(Canvas& canvas, const Extent& extent, const Coursing& coursing, const Color& joint,
                  const PickColor& pick, RandomStream& random) {
  canvas.FillRect(extent, joint);
  int course = 0;
  for (double v = extent.v0; v < extent.v1; ++course) {
    const double height = coursing.height.Draw(random);
    double u = extent.u0 - random.Uniform(0, 1) * coursing.length.high;
    while (u < extent.u1) {
      const double length = coursing.length.Draw(random);
      const Extent stone = {std::max(u, extent.u0), v, std::min(u + length - coursing.joint, extent.u1),
                            std::min(v + height - coursing.joint, extent.v1)};
      u += length;
      const Color color = Tinted(pick(course), coursing.spread, random);
      if (stone.Width() <= 0 || stone.Height() <= 0) continue;
      canvas.FillRect(stone, color);
      if (coursing.bevel > 0) {
        const double edge = std::min(0.03, 0.2 * height);
        canvas.FillRect({stone.u0, stone.v1 - edge, stone.u1, stone.v1}, Color::Ones(), coursing.bevel);
        canvas.FillRect({stone.u0, stone.v0, stone.u1, stone.v0 + edge}, Color::Zero(), coursing.bevel);
      }
    }
    v += height;
  }
}

void PaintBricks(Canvas& canvas, const Extent& extent, const Look& look, RandomStream& random) {
  const double size = look.course;
  const Coursing coursing = {{0.13 * size, 0.13 * size}, {0.34 * size, 0.42 * size}, 0.018, 0.16, 0};
  PaintCourses(
      canvas, extent, coursing, look.style.joint,
      [&](int) { return random.Chance(0.12) ? look.style.wall_second : look.style.wall_color; }, random);
}

void PaintAshlar(Canvas& canvas, const Extent& extent, const Look& look, RandomStream& random) {
  const double size = look.course;
  const Coursing coursing = {{0.42 * size, 0.56 * size}, {0.8 * size, 1.5 * size}, 0.02, 0.09, 0.10};
  PaintCourses(
      canvas, extent, coursing, look.style.joint,
      [&](int) { return random.Chance(0.2) ? look.style.wall_second : look.style.wall_color; }, random);
}

void PaintRubble(Canvas& canvas, const Extent& extent, const Look& look, RandomStream& random) {
  const double size = look.course;
  const Coursing coursing = {{0.22 * size, 0.50 * size}, {0.35 * size, 1.1 * size}, 0.025, 0.16, 0.08};
  PaintCourses(
      canvas, extent, coursing, look.style.joint,
      [&](int) { return random.Chance(0.4) ? look.style.wall_second : look.style.wall_color; }, random);
}

void PaintBands(Canvas& canvas, const Extent& extent, const Look& look, RandomStream& random) {
  const double size = look.course;
  const Coursing coursing = {{0.40 * size, 0.40 * size}, {0.8 * size, 1.4 * size}, 0.015, 0.12, 0.08};
  const int period = 2 + static_cast<int>(look.emblem % 2);
  PaintCourses(
      canvas, extent, coursing, look.style.joint,
      [&](int course) { return course % period == 0 ? look.style.wall_second : look.style.wall_color; },
      random);
}

void PaintPlaster(Canvas& canvas, const Extent& extent, const Look& look, const NoiseField& noise,
                  RandomStream& random) {
  canvas.FillRect(extent, look.style.wall_color);
  const double shift = random.Uniform(0, 200);
  canvas.Wash(extent, look.style.wall_second,
              [&](double u, double v) { return 0.5 + 1.2 * noise.Fractal(0.8 * u + shift, 0.8 * v, 3); });
  // Bricks where the plaster has come off.
  Look bare = look;
  bare.style.wall_color = Color(0.62F, 0.44F, 0.36F);
  bare.style.wall_second = Color(0.55F, 0.40F, 0.34F);
  bare.style.joint = Color(0.66F, 0.60F, 0.53F);
  const int patches = static_cast<int>(extent.Width() * extent.Height() * 0.012 * random.Uniform(0, 2));
  for (int i = 0; i < patches; ++i) {
    const double width = random.Uniform(0.3, 1.4);
    const double height = random.Uniform(0.2, 0.9);
    const double u = random.Uniform(extent.u0, std::max(extent.u0 + 0.01, extent.u1 - width));
    const double v = extent.v0 + std::pow(random.Uniform(), 2.0) * std::max(0.01, extent.Height() - height);
    PaintBricks(canvas, {u, v, std::min(u + width, extent.u1), std::min(v + height, extent.v1)}, bare,
                random);
  }
}

void PaintBeam(Canvas& canvas, const Eigen::Vector2d& a, const Eigen::Vector2d& b, double width,
               const Look& look, RandomStream& random) {
  const Color color = Tinted(look.style.wall_second, 0.2, random);
  const Extent bounds =
      Extent{std::min(a.x(), b.x()), std::min(a.y(), b.y()), std::max(a.x(), b.x()), std::max(a.y(), b.y())}
          .Grown(width);
  canvas.Fill(bounds, Color::Zero(), 0.3,
              [&](double u, double v) { return DistanceToSegment(a, b, 0.5 * width, u - 0.02, v + 0.02); });
  canvas.Fill(bounds, color, 1,
              [&](double u, double v) { return DistanceToSegment(a, b, 0.5 * width, u, v); });
}

void PaintTimber(Canvas& canvas, const Extent& extent, const Look& look, const NoiseField& noise,
                 RandomStream& random) {
  canvas.FillRect(extent, look.style.wall_color);
  const double shift = random.Uniform(0, 200);
  canvas.Scale(extent, [&](double u, double v) { return 1 + 0.10 * noise.Fractal(u + shift, v, 3); });
  const double spacing = look.bay / 2;
  const double beam = 0.20 * look.course;
  for (double v = extent.v0; v < extent.v1; v += look.floor_height) {
    for (double u = extent.u0 + 0.1; u < extent.u1; u += spacing) {
      const double lean = 0.05 * random.Uniform(-1, 1);
      const double top = std::min(v + look.floor_height, extent.v1);
      PaintBeam(canvas, {u, v}, {u + lean, top}, beam, look, random);
      const double kind = random.Uniform();
      if (kind < 0.18) PaintBeam(canvas, {u, v}, {u + spacing, top}, 0.8 * beam, look, random);
      if (kind > 0.10 && kind < 0.32) PaintBeam(canvas, {u + spacing, v}, {u, top}, 0.8 * beam, look, random);
      if (kind > 0.85)
        PaintBeam(canvas, {u, 0.5 * (v + top)}, {u + spacing, 0.5 * (v + top)}, beam, look, random);
    }
    PaintBeam(canvas, {extent.u0, v + 0.1}, {extent.u1, v + 0.1}, 1.3 * beam, look, random);
  }
}

void PaintConcrete(Canvas& canvas, const Extent& extent, const Look& look, RandomStream& random) {
  const double panel = look.bay / 2;
  const double height = look.floor_height / 2;
  const double accent = random.Uniform(0.05, 0.25);
  const Coursing coursing = {{height, height}, {panel, panel}, 0.025, 0.07, 0};
  PaintCourses(
      canvas, extent, coursing, look.style.joint,
      [&](int) { return random.Chance(accent) ? look.style.wall_second : look.style.wall_color; }, random);
  // The marks of the boards and anchors of its casting.
  for (double v = extent.v0; v < extent.v1; v += 0.14) {
    canvas.FillRect({extent.u0, v, extent.u1, v + 0.02}, Color::Zero(), 0.06 * random.Uniform());
  }
  for (double v = extent.v0 + 0.3 * height; v < extent.v1; v += height) {
    for (double u = extent.u0 + 0.2 * panel; u < extent.u1; u += 0.6 * panel) {
      if (random.Chance(0.3)) continue;
      canvas.Fill({u - 0.05, v - 0.05, u + 0.05, v + 0.05}, Color::Zero(), 0.5,
                  [&](double x, double y) { return DistanceToCircle(u, v, 0.03, x, y); });
    }
  }
}

}  // namespace

void PaintWall(Canvas& canvas, const Extent& extent, const Look& look, const NoiseField& noise,
               RandomStream& random) {
  switch (look.style.wall) {
    case Wall::kBrick:
      return PaintBricks(canvas, extent, look, random);
    case Wall::kAshlar:
      return PaintAshlar(canvas, extent, look, random);
    case Wall::kRubble:
      return PaintRubble(canvas, extent, look, random);
    case Wall::kPlaster:
      return PaintPlaster(canvas, extent, look, noise, random);
    case Wall::kTimber:
      return PaintTimber(canvas, extent, look, noise, random);
    case Wall::kBanded:
      return PaintBands(canvas, extent, look, random);
    case Wall::kConcrete:
      return PaintConcrete(canvas, extent, look, random);
  }
}

void PaintRoofCover(Canvas& canvas, const Look& look, const NoiseField& noise, RandomStream& random) {
  const Extent extent = canvas.extent();
  const Color shade = 0.75F * look.style.roof;
  const bool metal = look.style.cover == RoofCover::kMetal;
  const bool slate = look.style.cover == RoofCover::kSlate;
  const Coursing coursing = metal   ? Coursing{{2.0, 3.0}, {0.55, 0.6}, 0.04, 0.06, 0.05}
                            : slate ? Coursing{{0.32, 0.32}, {0.28, 0.42}, 0.02, 0.16, 0.08}
                                    : Coursing{{0.36, 0.36}, {0.26, 0.32}, 0.035, 0.16, 0.12};
  PaintCourses(
      canvas, extent, coursing, shade, [&](int) { return look.style.roof; }, random);
  const double shift = random.Uniform(0, 200);
  const Color moss = {0.36F, 0.38F, 0.24F};
  canvas.Wash(extent, moss,
              [&](double u, double v) { return 0.9 * noise.Fractal(0.5 * u + shift, 0.5 * v, 4) - 0.25; });
  // Slopes mended with newer pieces.
  const int patches = static_cast<int>(random.Below(5));
  for (int i = 0; i < patches; ++i) {
    const double u = random.Uniform(0, extent.u1);
    const double v = random.Uniform(0, extent.v1);
    canvas.FillRect({u, v, u + random.Uniform(0.5, 2), v + random.Uniform(0.4, 1.5)},
                    Tinted(look.style.roof, 0.3, random), 0.5);
  }
}

void PaintTrim(Canvas& canvas, const Color& color, const NoiseField& noise, RandomStream& random) {
  canvas.FillRect(canvas.extent(), color);
  const double shift = random.Uniform(0, 200);
  canvas.Scale(canvas.extent(), [&](double u, double v) {
    return 1 + 0.12 * noise.Fractal(1.3 * u + shift, 1.3 * v, 3) + 0.08 * noise.At(9 * u, 9 * v + shift) +
           0.06 * noise.At(37 * u, 37 * v + shift);
  });
  PaintWeathering(canvas, 0.5, noise, random);
}

}  // namespace vantage::synthetic
