// SPDX-License-Identifier: BSD-3-Clause
#include "synthetic/ornaments.h"

#include <array>
#include <numbers>

#include "synthetic/walls.h"

namespace vantage::synthetic {
namespace {

// Letters of 3 x 5 cells, from the upper left by rows, highest bit first.
constexpr std::array<uint16_t, 26> kLetters = {
    0b010101111101101, 0b110101110101110, 0b011100100100011, 0b110101101101110, 0b111100110100111,
    0b111100110100100, 0b011100101101011, 0b101101111101101, 0b111010010010111, 0b001001001101010,
    0b101101110101101, 0b100100100100111, 0b101111111101101, 0b110101101101101, 0b010101101101010,
    0b110101110100100, 0b010101101111011, 0b110101110101101, 0b011100010001110, 0b111010010010010,
    0b101101101101111, 0b101101101101010, 0b101101111111101, 0b101101010101101, 0b101101010010010,
    0b111001010100111};

Color Vivid(RandomStream& random) {
  static const std::array<Color, 7> kColors = {Color(0.62F, 0.16F, 0.16F), Color(0.16F, 0.28F, 0.52F),
                                               Color(0.85F, 0.68F, 0.22F), Color(0.20F, 0.42F, 0.26F),
                                               Color(0.90F, 0.88F, 0.82F), Color(0.13F, 0.13F, 0.15F),
                                               Color(0.46F, 0.22F, 0.40F)};
  return kColors[random.Below(kColors.size())];
}

void PaintLetter(Canvas& canvas, uint16_t letter, const Extent& rect, const Color& color) {
  for (int cell = 0; cell < 15; ++cell) {
    if ((letter >> (14 - cell) & 1) == 0) continue;
    const double u = rect.u0 + rect.Width() * (cell % 3) / 3;
    const double v = rect.v1 - rect.Height() * (cell / 3 + 1) / 5;
    canvas.FillRect({u, v, u + rect.Width() / 3, v + rect.Height() / 5}, color);
  }
}

void PaintSign(Canvas& canvas, const Extent& rect, const Look& look) {
  RandomStream random(look.emblem, "sign");
  const Color board = random.Chance(0.5) ? Color(0.9F * look.style.trim) : Vivid(random);
  const Color ink = board.mean() > 0.5F ? Color(0.15F, 0.13F, 0.12F) : Color(0.92F, 0.88F, 0.75F);
  canvas.FillRect({rect.u0 + 0.05, rect.v0 - 0.06, rect.u1 + 0.05, rect.v1 - 0.06}, Color::Zero(), 0.35);
  canvas.FillRect(rect, 0.75F * board);
  canvas.FillRect(rect.Grown(-0.06), board);
  const int count = 4 + static_cast<int>(random.Below(6));
  const double height = 0.6 * rect.Height();
  const double step = std::min(0.85 * height, (rect.Width() - 0.3) / count);
  double u = rect.CenterU() - 0.5 * step * count;
  for (int i = 0; i < count; ++i, u += step) {
    PaintLetter(
        canvas, kLetters[random.Below(kLetters.size())],
        {u + 0.1 * step, rect.CenterV() - 0.5 * height, u + 0.85 * step, rect.CenterV() + 0.5 * height}, ink);
  }
}

void PaintClock(Canvas& canvas, const Extent& rect, const Look& look, RandomStream& random) {
  RandomStream design(look.emblem, "clock");
  const Color face = design.Chance(0.6) ? Color(0.92F, 0.90F, 0.82F) : Color(0.14F, 0.17F, 0.26F);
  const Color ink = face.mean() > 0.5F ? Color(0.12F, 0.12F, 0.14F) : Color(0.88F, 0.74F, 0.35F);
  const double radius = 0.5 * std::min(rect.Width(), rect.Height());
  const double u0 = rect.CenterU();
  const double v0 = rect.CenterV();
  const auto disc = [&](double part, const Color& color) {
    canvas.Fill(rect.Grown(0.1), color, 1,
                [&](double u, double v) { return DistanceToCircle(u0, v0, part * radius, u, v); });
  };
  disc(1, look.style.trim);
  disc(0.86, ink);
  disc(0.82, face);
  const auto hand = [&](double turn, double from, double to, double width) {
    const Eigen::Vector2d direction(std::sin(turn), std::cos(turn));
    const Eigen::Vector2d center(u0, v0);
    canvas.Fill(rect, ink, 1, [&](double u, double v) {
      return DistanceToSegment(center + from * radius * direction, center + to * radius * direction,
                               width * radius, u, v);
    });
  };
  for (int hour = 0; hour < 12; ++hour) hand(kTurn * hour / 12, 0.66, 0.76, hour % 3 == 0 ? 0.04 : 0.02);
  hand(random.Uniform(0, kTurn), -0.1, 0.45, 0.035);
  hand(random.Uniform(0, kTurn), -0.1, 0.65, 0.02);
}

// A shield divided in fields, with a figure made of mirrored cells.
void PaintEmblem(Canvas& canvas, const Extent& rect, const Look& look) {
  RandomStream random(look.emblem, "emblem");
  const Color first = Vivid(random);
  const Color second = Vivid(random);
  const Color figure = Vivid(random);
  const Extent flipped = {rect.u0, -rect.v1, rect.u1, -rect.v0};
  const auto shield = [&](double u, double v) { return DistanceToArch(flipped, 1.6, u, -v); };
  canvas.Fill(rect.Grown(0.2), Color::Zero(), 0.3,
              [&](double u, double v) { return shield(u - 0.05, v + 0.06) - 0.06; });
  canvas.Fill(rect.Grown(0.2), look.style.trim, 1, [&](double u, double v) { return shield(u, v) - 0.06; });
  canvas.Fill(rect, first, 1, shield);
  const bool quartered = random.Chance(0.5);
  canvas.Fill(rect, second, 1, [&](double u, double v) {
    const double across = u - rect.CenterU();
    const double field = quartered ? -across * (v - rect.CenterV()) : across;
    return std::max(shield(u, v), field);
  });
  const double cell = rect.Width() / 9;
  for (int row = 0; row < 8; ++row) {
    for (int column = 0; column < 4; ++column) {
      if (!random.Chance(0.42)) continue;
      for (const double side : {-1.0, 1.0}) {
        const double u = rect.CenterU() + side * (column + 0.25) * cell;
        const double v = rect.v1 - (row + 1.3) * cell;
        canvas.Fill({u - cell, v - cell, u + cell, v + cell}, figure, 1, [&](double x, double y) {
          return std::max(
              shield(x, y) + 0.02,
              DistanceToRect({u - 0.5 * cell, v - 0.5 * cell, u + 0.5 * cell, v + 0.5 * cell}, x, y));
        });
      }
    }
  }
}

void PaintRose(Canvas& canvas, const Extent& rect, const Look& look, RandomStream& random) {
  RandomStream design(look.emblem, "rose");
  const int petals = 6 + 2 * static_cast<int>(design.Below(4));
  const double ring = design.Uniform(0.55, 0.68);
  const double radius = 0.5 * std::min(rect.Width(), rect.Height());
  const double u0 = rect.CenterU();
  const double v0 = rect.CenterV();
  canvas.Fill(rect.Grown(0.4), 0.95F * look.style.trim, 1,
              [&](double u, double v) { return DistanceToCircle(u0, v0, radius, u, v); });
  canvas.Fill(rect, 0.7F * look.style.trim, 1, [&](double u, double v) {
    return std::abs(DistanceToCircle(u0, v0, 0.88 * radius, u, v)) - 0.03;
  });
  const auto pane = [&](double distance, double angle, double size) {
    const double u1 = u0 + distance * radius * std::cos(angle);
    const double v1 = v0 + distance * radius * std::sin(angle);
    const Color color = Mix(Vivid(random), Color(0.10F, 0.12F, 0.20F), random.Uniform(0.3, 0.8));
    canvas.Fill(rect, color, 1,
                [&](double u, double v) { return DistanceToCircle(u1, v1, size * radius, u, v); });
  };
  pane(0, 0, 0.2);
  const double outer = std::min(0.2, 0.8 * std::sin(std::numbers::pi / petals) * ring);
  for (int i = 0; i < petals; ++i) {
    const double angle = kTurn * i / petals;
    pane(ring, angle, outer);
    pane(0.36, angle + 0.5 * kTurn / petals, 0.45 * outer);
  }
}

void PaintMural(Canvas& canvas, const Extent& rect, const Look& look) {
  RandomStream random(look.emblem, "mural");
  canvas.FillRect(rect, Vivid(random));
  const int shapes = 10 + static_cast<int>(random.Below(12));
  for (int i = 0; i < shapes; ++i) {
    const Color color = Mix(Vivid(random), Color(0.7F, 0.7F, 0.7F), random.Uniform(0, 0.4));
    const double u0 = random.Uniform(rect.u0, rect.u1);
    const double v0 = random.Uniform(rect.v0, rect.v1);
    const double size = random.Uniform(0.08, 0.35) * std::min(rect.Width(), rect.Height());
    const Eigen::Vector2d end(random.Uniform(rect.u0, rect.u1), random.Uniform(rect.v0, rect.v1));
    const uint64_t kind = random.Below(3);
    canvas.Fill(rect, color, 1, [&](double u, double v) {
      const double shape = kind == 0   ? DistanceToCircle(u0, v0, size, u, v)
                           : kind == 1 ? DistanceToSegment({u0, v0}, end, 0.25 * size, u, v)
                                       : std::abs(DistanceToCircle(u0, v0, size, u, v)) - 0.12 * size;
      return std::max(shape, DistanceToRect(rect, u, v));
    });
  }
}

void PaintBanner(Canvas& canvas, const Extent& rect, const Look& look) {
  RandomStream random(look.emblem, "banner");
  const Color colors[] = {Vivid(random), Vivid(random), Vivid(random)};
  const int stripes = 2 + static_cast<int>(random.Below(4));
  for (int i = 0; i < stripes; ++i) {
    const double step = rect.Height() / stripes;
    canvas.FillRect({rect.u0, rect.v0 + step * i, rect.u1, rect.v0 + step * (i + 1)}, colors[i % 3]);
  }
  const double frequency = 9 / rect.Width();
  canvas.Scale(
      rect, [&](double u, double v) { return 1 + 0.15 * std::sin(frequency * u + 1.5 * std::sin(1.7 * v)); });
}

}  // namespace

void PaintOrnament(Canvas& canvas, const Ornament& ornament, const Look& look, const NoiseField& noise,
                   RandomStream& random) {
  const Extent& rect = ornament.rect;
  switch (ornament.kind) {
    case OrnamentKind::kSign:
      PaintSign(canvas, rect, look);
      break;
    case OrnamentKind::kClock:
      PaintClock(canvas, rect, look, random);
      break;
    case OrnamentKind::kEmblem:
      PaintEmblem(canvas, rect, look);
      break;
    case OrnamentKind::kRose:
      PaintRose(canvas, rect, look, random);
      break;
    case OrnamentKind::kMural:
      PaintMural(canvas, rect, look);
      break;
    case OrnamentKind::kBanner:
      PaintBanner(canvas, rect, look);
      break;
  }
  const double shift = random.Uniform(0, 200);
  canvas.Scale(rect, [&](double u, double v) { return 1 + 0.12 * noise.Fractal(3 * u + shift, 3 * v, 3); });
}

void PaintFrieze(Canvas& canvas, const Look& look, const NoiseField& noise, RandomStream& random) {
  PaintTrim(canvas, look.style.trim, noise, random);
  const Extent extent = canvas.extent();
  const double height = extent.v1;
  const Color dark = 0.55F * look.style.trim;
  const double step = std::max(0.25, height * (0.5 + 0.15 * static_cast<double>(look.emblem % 5)));
  for (double u = 0.3 * step; u < extent.u1; u += step) {
    const double tone = random.Uniform(0.5, 1);
    if (random.Chance(0.04)) continue;  // broken off
    switch (look.frieze) {
      case 0:  // teeth
        canvas.FillRect({u, 0.05 * height, u + 0.5 * step, 0.5 * height}, dark, tone);
        break;
      case 1:  // small arches
        canvas.Fill({u - step, 0, u + step, height}, dark, tone, [&](double x, double y) {
          return std::max(std::abs(DistanceToCircle(u, 0.1 * height, 0.45 * step, x, y)) - 0.06 * step, -y);
        });
        break;
      case 2:  // a meander
        canvas.FillRect({u, 0.2 * height, u + 0.12 * step, 0.8 * height}, dark, tone);
        canvas.FillRect({u, 0.7 * height, u + 0.7 * step, 0.8 * height}, dark, tone);
        canvas.FillRect({u + 0.58 * step, 0.4 * height, u + 0.7 * step, 0.8 * height}, dark, tone);
        canvas.FillRect({u + 0.3 * step, 0.4 * height, u + 0.7 * step, 0.5 * height}, dark, tone);
        break;
      case 3:  // panels with a boss
        canvas.FillRect({u, 0.15 * height, u + 0.8 * step, 0.8 * height}, look.style.wall_second, 0.8 * tone);
        canvas.Fill({u, 0, u + step, height}, look.style.trim, 1, [&](double x, double y) {
          return DistanceToCircle(u + 0.4 * step, 0.47 * height, 0.2 * height, x, y);
        });
        break;
      default:  // waves
        canvas.Fill({u, 0, u + step, height}, dark, tone, [&](double x, double y) {
          return std::abs(y - height * (0.5 + 0.25 * std::sin(kTurn * (x - u) / step))) - 0.06 * height;
        });
    }
  }
  canvas.FillRect({0, 0.88 * height, extent.u1, height}, 1.05F * look.style.trim);
  canvas.FillRect({0, 0.84 * height, extent.u1, 0.88 * height}, dark);
}

}  // namespace vantage::synthetic
