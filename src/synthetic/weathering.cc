// SPDX-License-Identifier: BSD-3-Clause
#include "synthetic/walls.h"

namespace vantage::synthetic {
namespace {

void PaintCrack(Canvas& canvas, RandomStream& random) {
  const Extent extent = canvas.extent();
  Eigen::Vector2d from(random.Uniform(0, extent.u1), random.Uniform(0, extent.v1));
  double heading = random.Uniform(0, 6.283);
  const int pieces = 4 + static_cast<int>(random.Below(8));
  for (int i = 0; i < pieces; ++i) {
    heading += random.Uniform(-0.8, 0.8);
    const Eigen::Vector2d to =
        from + random.Uniform(0.1, 0.35) * Eigen::Vector2d(std::cos(heading), std::sin(heading));
    const Extent bounds = Extent{std::min(from.x(), to.x()), std::min(from.y(), to.y()),
                                 std::max(from.x(), to.x()), std::max(from.y(), to.y())}
                              .Grown(0.03);
    canvas.Fill(bounds, Color::Zero(), 0.5,
                [&](double u, double v) { return DistanceToSegment(from, to, 0.008, u, v); });
    from = to;
  }
}

// Paints a blotch with a frayed edge.
void PaintStain(Canvas& canvas, const Color& color, double opacity, double radius, const NoiseField& noise,
                RandomStream& random) {
  const Extent extent = canvas.extent();
  const double center_u = random.Uniform(0, extent.u1);
  const double center_v = random.Uniform(0, extent.v1);
  const double stretch = random.Uniform(0.5, 2);
  const double shift = random.Uniform(0, 200);
  const double frequency = 2.5 / radius;
  const Extent bounds = {center_u - 1.5 * radius, center_v - 1.5 * radius * stretch, center_u + 1.5 * radius,
                         center_v + 1.5 * radius * stretch};
  canvas.Wash(bounds, color, [&](double u, double v) {
    const double distance = std::hypot(u - center_u, (v - center_v) / stretch) / radius;
    const double edge = 1 - distance + 0.8 * noise.Fractal(frequency * u + shift, frequency * v, 2);
    return opacity * std::clamp(2.5 * edge, 0.0, 1.0);
  });
}

// The share of an octave with cells of this size that the canvas can show.
double Resolved(double cell, double density) { return std::clamp(cell * density - 0.5, 0.0, 1.0); }

// The number of things on the extent at about `density` a square metre.
int CountOn(const Extent& extent, double density, RandomStream& random) {
  const double mean = extent.u1 * extent.v1 * density;
  return static_cast<int>(std::min(400.0, mean * random.Uniform(0.6, 1.4)) + 0.5);
}

}  // namespace

void PaintStains(Canvas& canvas, const Stains& stains, const NoiseField& noise, RandomStream& random) {
  const int count = CountOn(canvas.extent(), stains.density, random);
  for (int i = 0; i < count; ++i) {
    const bool dark = random.Chance(0.62);
    const auto tone = static_cast<float>(dark ? random.Uniform(0.1, 0.3) : random.Uniform(0.75, 0.95));
    PaintStain(canvas, Color(tone, 0.97F * tone, 0.9F * tone), stains.opacity.Draw(random),
               stains.radius.Draw(random), noise, random);
  }
}

void PaintWeathering(Canvas& canvas, double amount, const NoiseField& noise, RandomStream& random) {
  const Extent extent = canvas.extent();
  const double shift_u = random.Uniform(0, 200);
  const double shift_v = random.Uniform(0, 200);
  const double middle = 0.09 * Resolved(0.19, canvas.density());
  const double fine = 0.03 * Resolved(0.045, canvas.density());
  const double streak = random.Uniform(0.05, 0.3);
  canvas.Scale(extent, [&](double u, double v) {
    const double x = u + shift_u;
    const double y = v + shift_v;
    double factor = 1 + amount * (0.11 * noise.At(0.37 * x, 0.37 * y) + 0.09 * noise.At(1.43 * x, 1.43 * y));
    if (middle > 0) factor += amount * middle * noise.At(5.3 * x, 5.3 * y);
    if (fine > 0) factor += amount * fine * noise.At(22.1 * x, 22.1 * y);
    factor -= amount * streak * std::max(0.0, noise.At(4.7 * x, 0.31 * y) - 0.35);
    return factor - 0.22 * amount * std::exp(-1.8 * v);
  });

  PaintStains(canvas, {0.10 * amount, {0.15, 0.9}, {0.10, 0.32}}, noise, random);
  PaintStains(canvas, {0.25 * amount, {0.02, 0.09}, {0.3, 0.6}}, noise, random);
  const int cracks = CountOn(extent, 0.05 * amount, random);
  for (int i = 0; i < cracks; ++i) PaintCrack(canvas, random);
}

}  // namespace vantage::synthetic
