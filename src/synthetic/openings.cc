// SPDX-License-Identifier: BSD-3-Clause
#include "synthetic/openings.h"

#include <numbers>

namespace vantage::synthetic {
namespace {

class OpeningPainter {
 public:
  OpeningPainter(Canvas& canvas, const Opening& opening, const Look& look, const NoiseField& noise,
                 RandomStream& random)
      : canvas_(canvas),
        opening_(opening),
        rect_(opening.rect),
        look_(look),
        noise_(noise),
        random_(random) {}

  void Paint() {
    PaintDressing();
    switch (opening_.kind) {
      case OpeningKind::kWindow:
        PaintGlass();
        PaintBars();
        PaintSill();
        break;
      case OpeningKind::kDoor:
        PaintDoor();
        break;
      case OpeningKind::kLouvers:
        PaintLouvers();
        break;
      case OpeningKind::kNiche:
        FillInside(0.7F * look_.style.wall_color, 1);
        PaintFigure();
        break;
    }
    PaintReveal();
    if (opening_.kind == OpeningKind::kWindow && look_.shutters) PaintShutters();
  }

 private:
  double Distance(double u, double v) const { return DistanceToOpening(opening_.arch, rect_, u, v); }

  void FillInside(const Color& color, double opacity) {
    canvas_.Fill(rect_.Grown(0.1), color, opacity, [&](double u, double v) { return Distance(u, v); });
  }

  // A rectangle, cut off at the opening's edge.
  void FillPart(const Extent& part, const Color& color, double opacity = 1) {
    canvas_.Fill(part, color, opacity,
                 [&](double u, double v) { return std::max(Distance(u, v), DistanceToRect(part, u, v)); });
  }

  void PaintDressing() {
    const double width = std::clamp(0.14 * rect_.Width(), 0.08, 0.3);
    const Color shadow = Color::Zero();
    canvas_.Fill(rect_.Grown(2.5 * width), shadow, 0.25, [&](double u, double v) {
      return std::max(Distance(u - 0.04, v + 0.05) - width, rect_.v0 - 0.1 - v);
    });
    if (look_.dressing != Dressing::kLintel || opening_.arch != Arch::kFlat) {
      canvas_.Fill(rect_.Grown(1.5 * width), look_.style.trim, 1,
                   [&](double u, double v) { return std::max(Distance(u, v) - width, rect_.v0 - 0.02 - v); });
    }
    const Extent lintel = {rect_.u0 - 1.4 * width, rect_.v1, rect_.u1 + 1.4 * width, rect_.v1 + 1.6 * width};
    if (look_.dressing == Dressing::kLintel && opening_.arch == Arch::kFlat) {
      canvas_.FillRect(lintel, look_.style.trim);
    }
    if (look_.dressing == Dressing::kVoussoirs) PaintVoussoirs(width);
    if (opening_.arch != Arch::kFlat && opening_.arch != Arch::kSegment) return;
    if (look_.dressing == Dressing::kPediment || look_.dressing == Dressing::kBow) PaintPediment(lintel);
  }

  // The stones of an arch: every other one in the second colour.
  void PaintVoussoirs(double width) {
    const double center_u = rect_.CenterU();
    const double center_v = rect_.v1 - 0.5 * rect_.Width();
    const bool banded = look_.style.wall == Wall::kBanded;
    const Color second = banded ? look_.style.wall_second : Color(0.86F * look_.style.trim);
    canvas_.Wash(rect_.Grown(2 * width), second, [&](double u, double v) {
      const double distance = Distance(u, v);
      if (distance < 0 || distance > 1.6 * width || v < center_v) return 0.0;
      const double angle = std::atan2(v - center_v, u - center_u);
      const double phase = angle / std::numbers::pi * 11;
      return static_cast<int>(phase + 0.5) % 2 == 0 ? (banded ? 1.0 : 0.8) : 0.0;
    });
  }

  void PaintPediment(const Extent& lintel) {
    canvas_.FillRect({lintel.u0, lintel.v0 - 0.02, lintel.u1, lintel.v1}, look_.style.trim);
    const double rise = 0.28 * lintel.Width();
    const double middle = lintel.CenterU();
    const Extent bounds = Extent{lintel.u0, lintel.v1, lintel.u1, lintel.v1 + rise}.Grown(0.1);
    const bool bow = look_.dressing == Dressing::kBow;
    const double radius = (0.25 * lintel.Width() * lintel.Width() + rise * rise) / (2 * rise);
    const auto distance = [&](double u, double v) {
      if (bow)
        return std::max(DistanceToCircle(middle, lintel.v1 + rise - radius, radius, u, v), lintel.v1 - v);
      return std::max(lintel.v1 - v,
                      v - lintel.v1 - rise * (1 - std::abs(u - middle) / (0.5 * lintel.Width())));
    };
    canvas_.Fill(bounds, Color::Zero(), 0.25,
                 [&](double u, double v) { return distance(u - 0.04, v + 0.05); });
    canvas_.Fill(bounds, look_.style.trim, 1, distance);
    canvas_.Fill(bounds, 0.78F * look_.style.trim, 1,
                 [&](double u, double v) { return distance(u, v) + 0.09; });
  }

  void PaintGlass() {
    const double dark = random_.Uniform(0.14, 0.34);
    const Color glass = Color(0.75F, 0.88F, 1.0F) * static_cast<float>(dark);
    FillInside(glass, 1);
    // The reflections of the panes, and a curtain behind some.
    const double shift = random_.Uniform(0, 200);
    const double mirror = random_.Uniform(0.1, 0.6);
    canvas_.Wash(rect_, Color(0.70F, 0.78F, 0.86F), [&](double u, double v) {
      if (Distance(u, v) > 0) return 0.0;
      return mirror * (0.4 + noise_.Fractal(0.9 * u + shift, 0.7 * v + shift, 3));
    });
    if (random_.Chance(0.5)) {
      const double drawn = random_.Uniform(0.1, 0.45) * rect_.Width();
      const Color cloth = Mix(Color(0.85F, 0.83F, 0.78F), Color(0.6F, 0.4F, 0.35F), random_.Uniform(0, 0.7));
      const double opacity = random_.Uniform(0.4, 0.9);
      if (random_.Chance(0.7)) FillPart({rect_.u0, rect_.v0, rect_.u0 + drawn, rect_.v1}, cloth, opacity);
      if (random_.Chance(0.7)) FillPart({rect_.u1 - drawn, rect_.v0, rect_.u1, rect_.v1}, cloth, opacity);
    }
    if (random_.Chance(0.25)) {  // a blind
      const double drop = random_.Uniform(0.2, 0.8) * rect_.Height();
      FillPart({rect_.u0, rect_.v1 - drop, rect_.u1, rect_.v1}, Color(0.80F, 0.76F, 0.66F), 0.85);
    }
  }

  void PaintBars() {
    const double bar = std::clamp(0.035 * rect_.Width(), 0.03, 0.08);
    const Color& color = look_.style.frame;
    canvas_.Fill(rect_.Grown(0.1), color, 1, [&](double u, double v) {
      const double distance = Distance(u, v);
      return std::max(distance, -distance - 1.6 * bar);
    });
    const int columns = std::max(look_.pane_columns, static_cast<int>(rect_.Width() / 1.1));
    for (int i = 1; i < columns; ++i) {
      const double u = rect_.u0 + rect_.Width() * i / columns;
      FillPart({u - 0.5 * bar, rect_.v0, u + 0.5 * bar, rect_.v1}, color);
    }
    const int rows = std::max(1, std::min(look_.pane_rows, static_cast<int>(rect_.Height() / 0.35)));
    for (int i = 1; i < rows; ++i) {
      const double v = rect_.v0 + rect_.Height() * i / rows;
      FillPart({rect_.u0, v - 0.5 * bar, rect_.u1, v + 0.5 * bar}, color);
    }
    if (random_.Chance(0.06)) {  // left open
      const int column = static_cast<int>(random_.Below(static_cast<uint64_t>(columns)));
      const double step = rect_.Width() / columns;
      FillPart({rect_.u0 + step * column, rect_.v0, rect_.u0 + step * (column + 1), rect_.v1},
               Color(0.05F, 0.05F, 0.06F), 0.9);
    }
  }

  void PaintSill() {
    const double out = 0.1 * rect_.Width();
    const Extent sill = {rect_.u0 - out, rect_.v0 - 0.12, rect_.u1 + out, rect_.v0};
    canvas_.FillRect({sill.u0, sill.v0 - 0.08, sill.u1, sill.v0}, Color::Zero(), 0.35);
    canvas_.FillRect(sill, look_.style.trim);
    const double length = random_.Uniform(0.3, 1.2);  // length of the stains below, from rain
    const double strength = random_.Uniform(0.05, 0.35);
    for (const double u : {sill.u0, sill.u1 - 0.1}) {
      canvas_.Wash({u, sill.v0 - length, u + 0.1, sill.v0}, Color::Zero(),
                   [&](double, double v) { return strength * (1 - (sill.v0 - v) / length); });
    }
    if (random_.Chance(0.12)) PaintFlowers(sill);
  }

  void PaintFlowers(const Extent& sill) {
    canvas_.FillRect({sill.u0, sill.v1, sill.u1, sill.v1 + 0.16}, Color(0.45F, 0.28F, 0.20F));
    const Color bloom = random_.Chance(0.5) ? Color(0.80F, 0.20F, 0.25F) : Color(0.90F, 0.75F, 0.85F);
    for (int i = 0; i < 24; ++i) {
      const double u = random_.Uniform(sill.u0, sill.u1);
      const double v = sill.v1 + random_.Uniform(0.08, 0.38);
      const double radius = random_.Uniform(0.03, 0.07);
      canvas_.Fill({u - 0.1, v - 0.1, u + 0.1, v + 0.1},
                   random_.Chance(0.4) ? bloom : Color(0.25F, 0.42F, 0.20F), 1,
                   [&](double x, double y) { return DistanceToCircle(u, v, radius, x, y); });
    }
  }

  void PaintDoor() {
    FillInside(look_.style.door, 1);
    const int leaves = rect_.Width() > 1.3 ? 2 : 1;
    const double leaf = rect_.Width() / leaves;
    const int panels = 2 + static_cast<int>(random_.Below(3));
    for (int i = 0; i < leaves; ++i) {
      const double u0 = rect_.u0 + leaf * i;
      for (int k = 0; k < panels; ++k) {
        const double v0 = rect_.v0 + 0.72 * rect_.Height() * k / panels;
        const Extent panel = Extent{u0, v0, u0 + leaf, v0 + 0.72 * rect_.Height() / panels}.Grown(-0.1);
        FillPart(panel, 0.7F * look_.style.door);
        FillPart(panel.Grown(-0.05), 1.12F * look_.style.door);
      }
      FillPart({u0 - 0.02, rect_.v0, u0 + 0.02, rect_.v1}, Color::Zero(), 0.6);
    }
    // The light above the leaves.
    const double v = rect_.v0 + 0.74 * rect_.Height();
    FillPart({rect_.u0 + 0.08, v, rect_.u1 - 0.08, rect_.v1}, Color(0.22F, 0.26F, 0.30F));
    const int rays = 3 + static_cast<int>(random_.Below(5));
    for (int i = 1; i < rays; ++i) {
      const double u = rect_.u0 + rect_.Width() * i / rays;
      FillPart({u - 0.03, v, u + 0.03, rect_.v1}, look_.style.frame);
    }
  }

  void PaintLouvers() {
    FillInside(Color(0.10F, 0.09F, 0.08F), 1);
    for (double v = rect_.v0; v < rect_.v1; v += 0.28) {
      FillPart({rect_.u0, v, rect_.u1, v + 0.14}, 0.8F * look_.style.door);
    }
    FillPart({rect_.CenterU() - 0.06, rect_.v0, rect_.CenterU() + 0.06, rect_.v1}, look_.style.trim);
  }

  // A statue in a niche.
  void PaintFigure() {
    const double height = 0.75 * rect_.Height();
    const double center = rect_.CenterU() + random_.Uniform(-0.03, 0.03);
    const double width = random_.Uniform(0.13, 0.20) * height;
    const auto part = [&](const Eigen::Vector2d& a, const Eigen::Vector2d& b, double radius) {
      canvas_.Fill(rect_, Color::Zero(), 0.3,
                   [&](double u, double v) { return DistanceToSegment(a, b, radius, u - 0.06, v + 0.03); });
      canvas_.Fill(rect_, look_.style.trim, 1,
                   [&](double u, double v) { return DistanceToSegment(a, b, radius, u, v); });
    };
    const double foot = rect_.v0 + 0.05;
    const double lean = random_.Uniform(-0.1, 0.1);
    part({center, foot + width}, {center + lean, foot + 0.7 * height}, width);
    part({center + lean, foot + 0.9 * height}, {center + lean, foot + 0.93 * height}, 0.07 * height);
    const double side = random_.Chance(0.5) ? 1 : -1;
    part({center + lean, foot + 0.72 * height},
         {center + side * 1.5 * width, foot + random_.Uniform(0.4, 1.0) * height}, 0.05 * height);
  }

  // The shadow that the wall's thickness throws on what fills the opening.
  void PaintReveal() {
    const double depth = std::min(0.16, 0.1 * rect_.Width());
    canvas_.Fill(rect_.Grown(0.1), Color::Zero(), 0.45, [&](double u, double v) {
      return std::max(Distance(u, v), -Distance(u - 0.4 * depth, v + depth));
    });
  }

  void PaintShutters() {
    if (random_.Chance(0.12)) return;  // lost
    const double width = 0.48 * rect_.Width();
    const bool closed = random_.Chance(0.1);
    for (const double side : {-1.0, 1.0}) {
      const double inner = closed ? rect_.CenterU() : (side < 0 ? rect_.u0 : rect_.u1);
      const double outer = inner + (closed ? side : side) * width;
      const Extent panel = {std::min(inner, outer) + 0.03, rect_.v0, std::max(inner, outer) - 0.03, rect_.v1};
      canvas_.FillRect({panel.u0 + 0.05, panel.v0 - 0.05, panel.u1 + 0.05, panel.v1 - 0.05}, Color::Zero(),
                       0.3);
      const Color color = look_.style.shutter * static_cast<float>(random_.Uniform(0.85, 1.15));
      canvas_.FillRect(panel, color);
      for (double v = panel.v0 + 0.08; v < panel.v1 - 0.1; v += 0.12) {
        canvas_.FillRect({panel.u0 + 0.05, v, panel.u1 - 0.05, v + 0.05}, Color::Zero(), 0.3);
      }
    }
  }

  Canvas& canvas_;
  const Opening& opening_;
  const Extent& rect_;
  const Look& look_;
  const NoiseField& noise_;
  RandomStream& random_;
};

}  // namespace

double DistanceToOpening(Arch arch, const Extent& rect, double u, double v) {
  switch (arch) {
    case Arch::kFlat:
      return DistanceToRect(rect, u, v);
    case Arch::kSegment: {
      const double radius = 0.8 * rect.Width();
      return std::max(DistanceToRect(rect, u, v),
                      DistanceToCircle(rect.CenterU(), rect.v1 - radius, radius, u, v));
    }
    case Arch::kRound:
      return DistanceToArch(rect, 1, u, v);
    case Arch::kPointed:
      return DistanceToArch(rect, 2, u, v);
    case Arch::kHorseshoe: {
      const double radius = 0.5 * rect.Width();
      const double inset = 0.14 * rect.Width();
      const Extent shaft = {rect.u0 + inset, rect.v0, rect.u1 - inset, rect.v1 - radius};
      return std::min(DistanceToRect(shaft, u, v),
                      DistanceToCircle(rect.CenterU(), rect.v1 - radius, radius, u, v));
    }
  }
  return DistanceToRect(rect, u, v);
}

void PaintOpening(Canvas& canvas, const Opening& opening, const Look& look, const NoiseField& noise,
                  RandomStream& random) {
  OpeningPainter(canvas, opening, look, noise, random).Paint();
}

}  // namespace vantage::synthetic
