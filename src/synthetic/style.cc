// SPDX-License-Identifier: BSD-3-Clause
#include "synthetic/style.h"

namespace vantage::synthetic {
namespace {

Style Brick() {
  Style style;
  style.name = "brick";
  style.wall = Wall::kBrick;
  style.wall_color = {0.60F, 0.33F, 0.25F};
  style.wall_second = {0.46F, 0.24F, 0.20F};
  style.joint = {0.70F, 0.64F, 0.56F};
  style.trim = {0.84F, 0.79F, 0.69F};
  style.frame = {0.92F, 0.91F, 0.87F};
  style.door = {0.20F, 0.30F, 0.25F};
  style.shutter = {0.25F, 0.33F, 0.30F};
  style.cover = RoofCover::kSlate;
  style.roof = {0.36F, 0.38F, 0.42F};
  style.arches = {Arch::kFlat, Arch::kSegment, Arch::kRound};
  style.dressings = {Dressing::kLintel, Dressing::kVoussoirs};
  style.roofs = {RoofKind::kGable, RoofKind::kHip};
  style.massings = {Massing::kHall, Massing::kTowered, Massing::kCourt};
  style.width = {15, 22};
  style.floors = {2, 4};
  style.floor_height = {3.2, 3.9};
  style.bay = {2.4, 3.4};
  style.fill = {0.34, 0.48};
  style.pitch = {0.7, 1.1};
  style.quoins = 0.6;
  style.balconies = 0.15;
  return style;
}

Style Classical() {
  Style style;
  style.name = "classical";
  style.wall = Wall::kAshlar;
  style.wall_color = {0.79F, 0.73F, 0.62F};
  style.wall_second = {0.72F, 0.66F, 0.56F};
  style.joint = {0.69F, 0.64F, 0.55F};
  style.trim = {0.86F, 0.82F, 0.72F};
  style.frame = {0.45F, 0.42F, 0.38F};
  style.door = {0.33F, 0.22F, 0.15F};
  style.cover = RoofCover::kMetal;
  style.roof = {0.50F, 0.60F, 0.55F};
  style.arches = {Arch::kFlat, Arch::kRound};
  style.dressings = {Dressing::kPediment, Dressing::kBow, Dressing::kFrame};
  style.roofs = {RoofKind::kFlat, RoofKind::kHip};
  style.massings = {Massing::kPalace, Massing::kHall};
  style.width = {17, 25};
  style.floors = {2, 3};
  style.floor_height = {4.0, 5.0};
  style.bay = {3.0, 4.0};
  style.fill = {0.34, 0.46};
  style.pitch = {0.3, 0.5};
  style.quoins = 0.4;
  style.pilasters = 0.6;
  style.balconies = 0.3;
  style.portico = 0.8;
  return style;
}

Style Baroque() {
  Style style;
  style.name = "baroque";
  style.wall = Wall::kPlaster;
  style.wall_color = {0.88F, 0.73F, 0.45F};
  style.wall_second = {0.82F, 0.66F, 0.40F};
  style.joint = {0.75F, 0.62F, 0.40F};
  style.trim = {0.93F, 0.90F, 0.83F};
  style.frame = {0.90F, 0.89F, 0.86F};
  style.door = {0.30F, 0.24F, 0.18F};
  style.cover = RoofCover::kTile;
  style.roof = {0.60F, 0.34F, 0.26F};
  style.arches = {Arch::kFlat, Arch::kSegment, Arch::kRound};
  style.dressings = {Dressing::kBow, Dressing::kPediment, Dressing::kFrame};
  style.roofs = {RoofKind::kHip, RoofKind::kGable};
  style.massings = {Massing::kPalace, Massing::kTowered, Massing::kChurch};
  style.width = {16, 23};
  style.floors = {2, 3};
  style.floor_height = {3.7, 4.5};
  style.bay = {2.7, 3.6};
  style.fill = {0.36, 0.48};
  style.pitch = {0.7, 1.0};
  style.pilasters = 0.7;
  style.quoins = 0.3;
  style.balconies = 0.3;
  style.portico = 0.2;
  return style;
}

Style Timbered() {
  Style style;
  style.name = "timbered";
  style.wall = Wall::kTimber;
  style.wall_color = {0.88F, 0.84F, 0.75F};
  style.wall_second = {0.34F, 0.25F, 0.18F};
  style.joint = {0.62F, 0.55F, 0.46F};
  style.trim = {0.40F, 0.30F, 0.22F};
  style.frame = {0.90F, 0.88F, 0.82F};
  style.door = {0.40F, 0.22F, 0.15F};
  style.shutter = {0.30F, 0.40F, 0.28F};
  style.cover = RoofCover::kTile;
  style.roof = {0.55F, 0.33F, 0.25F};
  style.arches = {Arch::kFlat};
  style.dressings = {Dressing::kFrame};
  style.roofs = {RoofKind::kGable};
  style.massings = {Massing::kHall, Massing::kCourt, Massing::kTowered};
  style.width = {12, 19};
  style.floors = {2, 4};
  style.floor_height = {2.7, 3.2};
  style.bay = {2.0, 2.7};
  style.fill = {0.40, 0.55};
  style.pitch = {1.0, 1.5};
  style.shutters = 0.6;
  return style;
}

Style Gothic() {
  Style style;
  style.name = "gothic";
  style.wall = Wall::kRubble;
  style.wall_color = {0.62F, 0.60F, 0.55F};
  style.wall_second = {0.54F, 0.51F, 0.46F};
  style.joint = {0.54F, 0.52F, 0.47F};
  style.trim = {0.70F, 0.67F, 0.60F};
  style.frame = {0.40F, 0.38F, 0.36F};
  style.door = {0.30F, 0.20F, 0.14F};
  style.cover = RoofCover::kSlate;
  style.roof = {0.37F, 0.38F, 0.42F};
  style.arches = {Arch::kPointed};
  style.dressings = {Dressing::kVoussoirs, Dressing::kFrame};
  style.roofs = {RoofKind::kGable};
  style.massings = {Massing::kChurch, Massing::kTowered};
  style.width = {14, 20};
  style.floors = {2, 3};
  style.floor_height = {4.2, 5.2};
  style.bay = {2.8, 3.8};
  style.fill = {0.36, 0.50};
  style.pitch = {1.1, 1.6};
  style.quoins = 0.5;
  style.buttresses = 0.8;
  style.battlements = 0.3;
  return style;
}

Style Modern() {
  Style style;
  style.name = "modern";
  style.wall = Wall::kConcrete;
  style.wall_color = {0.72F, 0.71F, 0.68F};
  style.wall_second = {0.60F, 0.40F, 0.30F};
  style.joint = {0.55F, 0.54F, 0.52F};
  style.trim = {0.62F, 0.62F, 0.61F};
  style.frame = {0.25F, 0.26F, 0.28F};
  style.door = {0.22F, 0.25F, 0.30F};
  style.cover = RoofCover::kMetal;
  style.roof = {0.55F, 0.56F, 0.57F};
  style.arches = {Arch::kFlat};
  style.dressings = {Dressing::kFrame};
  style.roofs = {RoofKind::kFlat};
  style.massings = {Massing::kHall, Massing::kTowered, Massing::kCourt, Massing::kPalace};
  style.width = {16, 24};
  style.floors = {3, 5};
  style.floor_height = {3.0, 3.6};
  style.bay = {2.2, 4.2};
  style.fill = {0.62, 0.85};
  style.pitch = {0.2, 0.3};
  style.balconies = 0.5;
  return style;
}

Style Mediterranean() {
  Style style;
  style.name = "mediterranean";
  style.wall = Wall::kPlaster;
  style.wall_color = {0.86F, 0.62F, 0.48F};
  style.wall_second = {0.80F, 0.55F, 0.42F};
  style.joint = {0.70F, 0.50F, 0.40F};
  style.trim = {0.88F, 0.83F, 0.74F};
  style.frame = {0.85F, 0.82F, 0.76F};
  style.door = {0.26F, 0.33F, 0.28F};
  style.shutter = {0.28F, 0.43F, 0.35F};
  style.cover = RoofCover::kTile;
  style.roof = {0.70F, 0.45F, 0.33F};
  style.arches = {Arch::kFlat, Arch::kRound};
  style.dressings = {Dressing::kFrame, Dressing::kLintel};
  style.roofs = {RoofKind::kHip, RoofKind::kGable};
  style.massings = {Massing::kHall, Massing::kCourt, Massing::kTowered, Massing::kChurch};
  style.width = {14, 21};
  style.floors = {2, 4};
  style.floor_height = {3.2, 3.9};
  style.bay = {2.6, 3.6};
  style.fill = {0.30, 0.40};
  style.pitch = {0.35, 0.5};
  style.shutters = 0.8;
  style.quoins = 0.3;
  style.balconies = 0.4;
  return style;
}

Style Banded() {
  Style style;
  style.name = "banded";
  style.wall = Wall::kBanded;
  style.wall_color = {0.84F, 0.76F, 0.62F};
  style.wall_second = {0.66F, 0.40F, 0.30F};
  style.joint = {0.70F, 0.62F, 0.51F};
  style.trim = {0.86F, 0.80F, 0.68F};
  style.frame = {0.36F, 0.28F, 0.22F};
  style.door = {0.34F, 0.24F, 0.16F};
  style.cover = RoofCover::kTile;
  style.roof = {0.58F, 0.38F, 0.28F};
  style.arches = {Arch::kHorseshoe, Arch::kRound};
  style.dressings = {Dressing::kVoussoirs};
  style.roofs = {RoofKind::kFlat, RoofKind::kHip};
  style.massings = {Massing::kTowered, Massing::kCourt, Massing::kHall};
  style.width = {15, 22};
  style.floors = {2, 3};
  style.floor_height = {3.6, 4.6};
  style.bay = {2.6, 3.6};
  style.fill = {0.40, 0.54};
  style.pitch = {0.4, 0.6};
  style.battlements = 0.7;
  style.pilasters = 0.2;
  return style;
}

template <typename T>
const T& Pick(const std::vector<T>& items, RandomStream& random) {
  return items[random.Below(items.size())];
}

// Makes the colour a little lighter or darker, and warmer or colder.
void Vary(Color& color, double amount, RandomStream& random) {
  const auto light = static_cast<float>(1 + amount * random.Uniform(-1, 1));
  for (int c = 0; c < 3; ++c) {
    const auto tint = static_cast<float>(1 + 0.4 * amount * random.Uniform(-1, 1));
    color[c] = std::clamp(color[c] * light * tint, 0.05F, 0.96F);
  }
}

}  // namespace

const std::vector<Style>& Styles() {
  static const std::vector<Style> kStyles = {Brick(),  Classical(), Baroque(),       Timbered(),
                                             Gothic(), Modern(),    Mediterranean(), Banded()};
  return kStyles;
}

Look DrawLook(const Style& style, RandomStream& random) {
  Look look;
  look.style = style;
  for (Color* color : {&look.style.wall_color, &look.style.wall_second, &look.style.trim, &look.style.roof}) {
    Vary(*color, 0.08, random);
  }
  for (Color* color : {&look.style.door, &look.style.shutter, &look.style.frame}) Vary(*color, 0.2, random);
  look.bay = style.bay.Draw(random);
  look.floor_height = style.floor_height.Draw(random);
  look.floors = static_cast<int>(std::floor(random.Uniform(style.floors.low, style.floors.high + 1)));
  look.fill = style.fill.Draw(random);
  look.pitch = style.pitch.Draw(random);
  look.ground_arch = Pick(style.arches, random);
  look.upper_arch = Pick(style.arches, random);
  look.dressing = Pick(style.dressings, random);
  look.pane_columns = 1 + static_cast<int>(random.Below(3));
  look.pane_rows = 2 + static_cast<int>(random.Below(4));
  look.shutters = random.Chance(style.shutters);
  look.quoins = random.Chance(style.quoins);
  look.pilasters = random.Chance(style.pilasters);
  look.balconies = random.Chance(style.balconies);
  look.frieze = static_cast<int>(random.Below(5));
  look.course = random.Uniform(0.85, 1.25);
  // Smooth walls show more weathering than masonry.
  const bool smooth =
      style.wall == Wall::kConcrete || style.wall == Wall::kAshlar || style.wall == Wall::kTimber;
  look.weathering = random.Uniform(1.0, 1.5) * (smooth ? 1.2 : 1);
  look.emblem = random.Next();
  return look;
}

}  // namespace vantage::synthetic
