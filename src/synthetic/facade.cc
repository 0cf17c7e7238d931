// SPDX-License-Identifier: BSD-3-Clause
#include "synthetic/facade.h"

#include "synthetic/walls.h"

namespace vantage::synthetic {
namespace {

// The middle lines of the bays: evenly spaced, in pairs, or with a wider middle.
std::vector<double> BayCenters(double width, double bay, RandomStream& random) {
  const int count = std::max(1, static_cast<int>(std::lround((width - 0.8) / bay)));
  const double spacing = (width - 0.8) / count;
  const uint64_t rhythm = random.Below(4);
  std::vector<double> centers;
  for (int i = 0; i < count; ++i) {
    double u = 0.4 + spacing * (i + 0.5);
    if (rhythm == 1 && count >= 4) u += (i % 2 == 0 ? 0.12 : -0.12) * spacing;
    if (rhythm == 2 && count >= 3)
      u += 0.25 * spacing * (u - 0.5 * width) / (0.5 * width) * (2 * i + 1 == count ? 0 : 0.5);
    centers.push_back(u);
  }
  return centers;
}

void LayOutTower(FacadeLayout& layout, const Look& look, RandomStream& random) {
  const FacadeSpec& spec = layout.spec;
  const int levels = std::max(2, static_cast<int>(spec.height / (1.2 * look.floor_height)));
  const double level = spec.height / levels;
  for (int i = 0; i < levels; ++i) {
    const double v0 = level * i;
    const double middle = 0.5 * spec.width;
    layout.string_courses.push_back(v0 + level - 0.15);
    if (i == levels - 1) {
      const int openings = spec.width > 4.5 ? 2 : 1;
      const double width = 0.5 * spec.width / openings;
      for (int k = 0; k < openings; ++k) {
        const double u = middle + (k - 0.5 * (openings - 1)) * 1.25 * width;
        layout.openings.push_back({OpeningKind::kLouvers,
                                   look.upper_arch,
                                   {u - 0.5 * width, v0 + 0.15 * level, u + 0.5 * width, v0 + 0.8 * level}});
      }
    } else if (i == levels - 2 && look.emblem % 3 != 0) {
      const double size = std::min(0.6 * spec.width, 0.7 * level);
      layout.ornaments.push_back(
          {OrnamentKind::kClock,
           {middle - 0.5 * size, v0 + 0.5 * (level - size), middle + 0.5 * size, v0 + 0.5 * (level + size)}});
    } else if (random.Chance(0.75)) {
      const double width = random.Uniform(0.14, 0.3) * spec.width;
      const double u = middle + random.Uniform(-0.15, 0.15) * spec.width;
      layout.openings.push_back({OpeningKind::kWindow,
                                 look.upper_arch,
                                 {u - 0.5 * width, v0 + 0.3 * level, u + 0.5 * width, v0 + 0.7 * level}});
    }
  }
}

void LayOutDoor(FacadeLayout& layout, double center, double bay, const Look& look, RandomStream& random) {
  const double width = std::min(random.Uniform(1.5, 2.6), 0.8 * bay);
  const double height = std::min(random.Uniform(2.6, 3.6), 0.85 * look.floor_height);
  layout.openings.push_back(
      {OpeningKind::kDoor, look.ground_arch, {center - 0.5 * width, 0, center + 0.5 * width, height}});
}

// Places the windows of the floors, and a door in the middle of a front.
void LayOutFloors(FacadeLayout& layout, const Look& look, RandomStream& random) {
  const FacadeSpec& spec = layout.spec;
  const bool front = spec.role == FacadeRole::kFront;
  const std::vector<double> bays = BayCenters(spec.width, look.bay, random);
  const double bay = (spec.width - 0.8) / static_cast<double>(bays.size());
  const int floors = std::max(1, static_cast<int>(std::lround(spec.height / look.floor_height)));
  const double floor_height = spec.height / floors;
  const size_t door = random.Chance(0.7) ? bays.size() / 2 : random.Below(bays.size());
  const double missing = front ? 0.04 : 0.22;
  for (int floor = 0; floor < floors; ++floor) {
    const double scale = random.Uniform(0.85, 1.1);
    const double rise =
        floor == floors - 1 && floors > 2 ? random.Uniform(0.3, 0.6) : random.Uniform(0.5, 0.62);
    const double v0 = floor * floor_height + random.Uniform(0.24, 0.30) * floor_height;
    if (floor > 0) layout.string_courses.push_back(floor * floor_height - 0.1);
    for (size_t i = 0; i < bays.size(); ++i) {
      const double width = std::clamp(look.fill * bay * scale, 0.5, 0.92 * bay);
      const Extent rect = {bays[i] - 0.5 * width, v0, bays[i] + 0.5 * width, v0 + rise * floor_height};
      if (floor == 0 && front && i == door) {
        LayOutDoor(layout, bays[i], bay, look, random);
        continue;
      }
      if (random.Chance(missing)) continue;
      const bool niche = random.Chance(0.05);
      layout.openings.push_back({niche ? OpeningKind::kNiche : OpeningKind::kWindow,
                                 floor == 0 ? look.ground_arch : look.upper_arch, rect});
      if (floor > 0 && look.balconies && front && !niche && random.Chance(0.4))
        layout.balconies.push_back(rect);
    }
  }
  if (look.pilasters && spec.width > 5) {
    for (size_t i = 0; i <= bays.size(); ++i) {
      const double left = i == 0 ? 0.35 : bays[i - 1];
      const double right = i == bays.size() ? spec.width - 0.35 : bays[i];
      layout.pilasters.push_back(i == 0 ? left : i == bays.size() ? right : 0.5 * (left + right));
    }
  }
  if (!front) return;
  const double sign_width = std::min(0.5 * spec.width, random.Uniform(3.5, 6));
  const double sign_height = random.Uniform(0.55, 0.8);
  const double sign_u = std::clamp(bays[door], 0.5 * sign_width + 0.3, spec.width - 0.5 * sign_width - 0.3);
  layout.ornaments.push_back({OrnamentKind::kSign,
                              {sign_u - 0.5 * sign_width, floor_height - 0.05, sign_u + 0.5 * sign_width,
                               floor_height - 0.05 + sign_height}});
}

// Places one order of large windows on a tall front or side.
void LayOutNave(FacadeLayout& layout, const Look& look, RandomStream& random) {
  const FacadeSpec& spec = layout.spec;
  if (spec.gable > 0) {
    LayOutDoor(layout, 0.5 * spec.width, 4, look, random);
    const double size = std::min(0.42 * spec.width, 0.5 * spec.height);
    const double v = 0.62 * spec.height;
    layout.ornaments.push_back(
        {OrnamentKind::kRose, {0.5 * (spec.width - size), v, 0.5 * (spec.width + size), v + size}});
    for (const double side : {-1.0, 1.0}) {
      const double u = spec.width * (0.5 + 0.31 * side);
      const double width = random.Uniform(0.8, 1.3);
      layout.openings.push_back({random.Chance(0.4) ? OpeningKind::kNiche : OpeningKind::kWindow,
                                 look.upper_arch,
                                 {u - 0.5 * width, 0.2 * spec.height, u + 0.5 * width, 0.52 * spec.height}});
    }
    return;
  }
  const std::vector<double> bays = BayCenters(spec.width, 1.2 * look.bay, random);
  for (const double u : bays) {
    if (random.Chance(0.08)) continue;
    const double width = 0.8 * look.fill * look.bay;
    layout.openings.push_back({OpeningKind::kWindow,
                               look.upper_arch,
                               {u - 0.5 * width, 0.22 * spec.height, u + 0.5 * width, 0.82 * spec.height}});
  }
}

void LayOutGable(FacadeLayout& layout, const Look& look, RandomStream& random) {
  const FacadeSpec& spec = layout.spec;
  if (spec.gable < 1.5 || spec.role == FacadeRole::kNave) return;
  const double size = std::min(0.45 * spec.gable, 0.2 * spec.width);
  const double u = 0.5 * spec.width;
  const double v = spec.height + 0.3 * spec.gable;
  const Extent rect = {u - 0.5 * size, v - 0.5 * size, u + 0.5 * size, v + 0.5 * size};
  if (spec.role == FacadeRole::kFront && look.emblem % 2 == 0) {
    layout.ornaments.push_back({look.emblem % 4 == 0 ? OrnamentKind::kEmblem : OrnamentKind::kClock, rect});
  } else if (random.Chance(0.8)) {
    layout.openings.push_back({OpeningKind::kWindow, look.upper_arch, rect});
  }
}

// Places ornaments, and removes the openings that they cover.
void PlaceExtras(FacadeLayout& layout, const Look& look, RandomStream& random) {
  const FacadeSpec& spec = layout.spec;
  if (spec.role == FacadeRole::kTower) return;
  const auto place = [&](OrnamentKind kind, double width, double height) {
    if (spec.width < width + 1 || spec.height < height + 2) return;
    const double u = random.Uniform(0.4, spec.width - width - 0.4);
    const double v = random.Uniform(1.2, spec.height - height - 0.4);
    const Extent rect = {u, v, u + width, v + height};
    std::erase_if(layout.openings, [&](const Opening& opening) {
      const Extent& hole = opening.rect;
      return opening.kind != OpeningKind::kDoor && hole.u0 < rect.u1 + 0.2 && hole.u1 > rect.u0 - 0.2 &&
             hole.v0 < rect.v1 + 0.2 && hole.v1 > rect.v0 - 0.2;
    });
    layout.ornaments.push_back({kind, rect});
  };
  const bool modern = look.style.wall == Wall::kConcrete;
  if (spec.role == FacadeRole::kSide && random.Chance(modern ? 0.5 : 0.12)) {
    place(OrnamentKind::kMural, random.Uniform(3, 5), random.Uniform(2.5, 4));
  }
  if (spec.role == FacadeRole::kFront && random.Chance(0.4))
    place(OrnamentKind::kBanner, 1.1, random.Uniform(2.5, 4));
  if (!modern && random.Chance(0.5)) place(OrnamentKind::kEmblem, 1.2, 1.5);
}

void PaintQuoins(Canvas& canvas, const FacadeSpec& spec, const Look& look, RandomStream& random) {
  const double step = 0.42 * look.course;
  int row = 0;
  for (double v = 0; v < spec.height; v += step, ++row) {
    const double width = row % 2 == 0 ? 0.7 : 0.42;
    const Color color = look.style.trim * static_cast<float>(random.Uniform(0.9, 1.06));
    for (const Extent& stone :
         {Extent{0, v, width, v + step - 0.02}, Extent{spec.width - width, v, spec.width, v + step - 0.02}}) {
      canvas.FillRect(stone.Grown(0.02), Color::Zero(), 0.25);
      canvas.FillRect(stone, color);
    }
  }
}

}  // namespace

FacadeLayout LayOutFacade(const FacadeSpec& spec, const Look& look, RandomStream& random) {
  FacadeLayout layout;
  layout.spec = spec;
  switch (spec.role) {
    case FacadeRole::kTower:
      LayOutTower(layout, look, random);
      break;
    case FacadeRole::kNave:
      LayOutNave(layout, look, random);
      break;
    case FacadeRole::kFront:
    case FacadeRole::kSide:
      LayOutFloors(layout, look, random);
      break;
  }
  LayOutGable(layout, look, random);
  PlaceExtras(layout, look, random);
  return layout;
}

void PaintFacade(Canvas& canvas, const FacadeLayout& layout, const Look& look, const NoiseField& noise,
                 RandomStream& random) {
  const FacadeSpec& spec = layout.spec;
  const Extent extent = canvas.extent();
  PaintWall(canvas, extent, look, noise, random);
  // A plinth of larger stones.
  const double plinth = random.Uniform(0.4, 1.0);
  canvas.FillRect({0, 0, spec.width, plinth}, 0.8F * look.style.trim, 0.85);
  canvas.FillRect({0, plinth, spec.width, plinth + 0.08}, look.style.trim);
  if (look.quoins) PaintQuoins(canvas, spec, look, random);
  if (look.style.wall != Wall::kTimber) {
    for (const double v : layout.string_courses) {
      canvas.FillRect({0, v - 0.1, spec.width, v}, Color::Zero(), 0.25);
      canvas.FillRect({0, v, spec.width, v + 0.2}, look.style.trim);
    }
  }
  for (const Opening& opening : layout.openings) PaintOpening(canvas, opening, look, noise, random);
  for (const Ornament& ornament : layout.ornaments) PaintOrnament(canvas, ornament, look, noise, random);
  PaintWeathering(canvas, look.weathering, noise, random);
}

}  // namespace vantage::synthetic
