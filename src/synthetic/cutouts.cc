// SPDX-License-Identifier: BSD-3-Clause
#include "synthetic/occluders.h"

namespace vantage::synthetic {
namespace {

Color Cloth(RandomStream& random) {
  const auto tone = static_cast<float>(random.Uniform(0.12, 0.8));
  Color color(tone, tone, tone);
  for (int c = 0; c < 3; ++c) {
    color[c] = std::clamp(color[c] + static_cast<float>(random.Uniform(-0.22, 0.22)), 0.05F, 0.95F);
  }
  return color;
}

class Cutter {
 public:
  Cutter(Canvas& canvas, RandomStream& random) : canvas_(canvas), random_(random), extent_(canvas.extent()) {}

  void Limb(const Eigen::Vector2d& a, const Eigen::Vector2d& b, double half_width, const Color& color) {
    const Extent bounds =
        Extent{std::min(a.x(), b.x()), std::min(a.y(), b.y()), std::max(a.x(), b.x()), std::max(a.y(), b.y())}
            .Grown(half_width + 0.02);
    canvas_.Fill(bounds, color, 1,
                 [&](double u, double v) { return DistanceToSegment(a, b, half_width, u, v); });
  }

  void Disc(double u0, double v0, double radius, const Color& color) {
    canvas_.Fill(Extent{u0, v0, u0, v0}.Grown(radius + 0.02), color, 1,
                 [&](double u, double v) { return DistanceToCircle(u0, v0, radius, u, v); });
  }

  void Person() {
    const double height = extent_.v1;
    const double middle = extent_.CenterU();
    const double stride = random_.Uniform(0.02, 0.16);
    const Color trousers = Cloth(random_);
    const Color coat = Cloth(random_);
    const Color skin = Mix(Color(0.85F, 0.68F, 0.58F), Color(0.42F, 0.29F, 0.22F), random_.Uniform());
    const Color hair = Mix(Color(0.15F, 0.12F, 0.10F), Color(0.65F, 0.55F, 0.40F), random_.Uniform());
    const double hip = 0.48 * height;
    const double shoulder = 0.80 * height;
    for (const double side : {-1.0, 1.0}) {
      Limb({middle + side * stride, 0.05}, {middle + side * 0.07, hip}, 0.075, trousers);
      Limb({middle + side * stride, 0.04}, {middle + side * stride + 0.08, 0.04}, 0.045,
           Color(0.15F, 0.13F, 0.12F));
    }
    for (const double side : {-1.0, 1.0}) {
      const Eigen::Vector2d hand(middle + side * random_.Uniform(0.18, 0.26),
                                 hip + random_.Uniform(-0.02, 0.25));
      Limb({middle + side * 0.17, shoulder - 0.03}, hand, 0.055, 0.9F * coat);
      Disc(hand.x(), hand.y(), 0.05, skin);
    }
    Limb({middle, hip}, {middle, shoulder - 0.08}, 0.17, coat);
    if (random_.Chance(0.4)) Limb({middle, hip + 0.1}, {middle + 0.08, shoulder - 0.1}, 0.09, Cloth(random_));
    Limb({middle, shoulder}, {middle, 0.87 * height}, 0.05, skin);
    Disc(middle, 0.915 * height, 0.105, hair);
    Disc(middle + random_.Uniform(-0.04, 0.04), 0.9 * height, 0.085, skin);
  }

  void Car() {
    const Extent& e = extent_;
    const Color paint = Cloth(random_);
    const double belt = 0.58 * e.v1;
    const double lift = 0.16 * e.v1;
    const std::vector<Eigen::Vector2d> cabin = {
        {0.16 * e.u1, belt}, {0.86 * e.u1, belt}, {0.72 * e.u1, e.v1 - 0.03}, {0.33 * e.u1, e.v1 - 0.03}};
    const auto polygon = [&](const Color& color, double inset) {
      canvas_.Fill(e, color, 1, [&](double u, double v) { return DistanceToPolygon(cabin, u, v) + inset; });
    };
    polygon(paint, 0);
    polygon(Color(0.20F, 0.24F, 0.28F), 0.09);
    canvas_.FillRect({0.5 * e.u1, belt, 0.53 * e.u1, e.v1 - 0.05}, paint);
    Limb({0.24, lift + 0.22}, {e.u1 - 0.24, lift + 0.22}, 0.23, paint);
    Limb({0.5, belt - 0.12}, {e.u1 - 0.4, belt - 0.12}, 0.15, 1.05F * paint);
    canvas_.FillRect({0.2, lift + 0.3, e.u1 - 0.2, lift + 0.34}, 0.6F * paint);
    for (const double u : {0.2 * e.u1, 0.8 * e.u1}) {
      Disc(u, 0.32, 0.32, Color(0.10F, 0.10F, 0.11F));
      Disc(u, 0.32, 0.19, Color(0.60F, 0.61F, 0.63F));
    }
    Disc(0.1, lift + 0.3, 0.08, Color(0.95F, 0.93F, 0.80F));
    Disc(e.u1 - 0.1, lift + 0.3, 0.08, Color(0.75F, 0.15F, 0.12F));
  }

  void Lamp() {
    const double u = extent_.CenterU();
    const Color iron(0.18F, 0.20F, 0.20F);
    Limb({u, 0}, {u, extent_.v1 - 0.5}, 0.05, iron);
    Limb({u, 0}, {u, 0.7}, 0.1, iron);
    Disc(u, extent_.v1 - 0.28, 0.22, Color(0.90F, 0.88F, 0.78F));
    Limb({u - 0.15, extent_.v1 - 0.06}, {u + 0.15, extent_.v1 - 0.06}, 0.05, iron);
  }

  void Sign() {
    const double u = extent_.CenterU();
    Limb({u, 0}, {u, extent_.v1 - 0.1}, 0.035, Color(0.55F, 0.56F, 0.57F));
    const double radius = 0.45 * extent_.u1;
    const double v = extent_.v1 - radius - 0.02;
    const Color colors[] = {Color(0.75F, 0.14F, 0.14F), Color(0.15F, 0.32F, 0.62F),
                            Color(0.90F, 0.75F, 0.20F)};
    const Color color = colors[random_.Below(3)];
    if (random_.Chance(0.5)) {
      Disc(u, v, radius, color);
      Disc(u, v, 0.75 * radius, Color(0.93F, 0.93F, 0.92F));
      Limb({u - 0.3 * radius, v}, {u + 0.3 * radius, v}, 0.15 * radius, color);
    } else {
      canvas_.FillRect({u - radius, v - radius, u + radius, v + radius}, color);
      Limb({u, v - 0.5 * radius}, {u, v + 0.5 * radius}, 0.15 * radius, Color(0.95F, 0.95F, 0.95F));
    }
  }

  void Tree(const NoiseField& noise) {
    const Extent& e = extent_;
    const double u0 = e.CenterU();
    const double crown = random_.Uniform(0.3, 0.42) * e.v1;  // where the leaves begin
    const double trunk = random_.Uniform(0.10, 0.2);
    Limb({u0, 0}, {u0 + random_.Uniform(-0.3, 0.3), crown + 0.2 * e.v1}, trunk, Color(0.30F, 0.24F, 0.19F));
    const Color leaf = Mix(Color(0.28F, 0.38F, 0.18F), Color(0.50F, 0.44F, 0.20F), 0.7 * random_.Uniform());
    const double shift = random_.Uniform(0, 200);
    const double half_width = 0.5 * e.u1;
    const double middle = 0.5 * (crown + e.v1);
    const double half_height = 0.5 * (e.v1 - crown);
    for (int layer = 0; layer < 3; ++layer) {
      const double offset = shift + 31.7 * layer;
      const Color color = leaf * static_cast<float>(0.65 + 0.3 * layer);
      canvas_.Wash({0, crown - 0.5, e.u1, e.v1}, color, [&](double u, double v) {
        const double out = std::hypot((u - u0) / half_width, (v - middle) / half_height);
        const double clumps =
            noise.Fractal(1.3 * u + offset, 1.3 * v, 2) + 0.55 * noise.At(6 * u + offset, 6 * v);
        return std::clamp(12 * (0.78 - 0.17 * layer - out + 0.45 * clumps), 0.0, 1.0);
      });
    }
  }

 private:
  Canvas& canvas_;
  RandomStream& random_;
  const Extent extent_;
};

}  // namespace

void PaintOccluder(Canvas& canvas, OccluderKind kind, const NoiseField& noise, RandomStream& random) {
  Cutter cutter(canvas, random);
  switch (kind) {
    case OccluderKind::kPerson:
      return cutter.Person();
    case OccluderKind::kCar:
      return cutter.Car();
    case OccluderKind::kLamp:
      return cutter.Lamp();
    case OccluderKind::kSign:
      return cutter.Sign();
    case OccluderKind::kTree:
      return cutter.Tree(noise);
  }
}

}  // namespace vantage::synthetic
