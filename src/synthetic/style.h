// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <vector>

#include "synthetic/canvas.h"
#include "util/random.h"

namespace vantage::synthetic {

enum class Wall { kBrick, kAshlar, kRubble, kPlaster, kTimber, kBanded, kConcrete };
enum class Arch { kFlat, kSegment, kRound, kPointed, kHorseshoe };
// What surrounds a window.
enum class Dressing { kFrame, kLintel, kVoussoirs, kPediment, kBow };
enum class RoofKind { kFlat, kGable, kHip };
enum class RoofCover { kSlate, kTile, kMetal };
// Plan of a landmark.
enum class Massing { kHall, kChurch, kPalace, kTowered, kCourt };

struct Span {
  double low = 0;
  double high = 0;

  double Draw(RandomStream& random) const { return random.Uniform(low, high); }
};

// A building style. Landmarks of a style draw their details from its ranges.
struct Style {
  const char* name = "";
  Wall wall = Wall::kBrick;
  Color wall_color;
  Color wall_second;  // for bands, beams, mixed stones
  Color joint;
  Color trim;   // dressed stone: cornices, frames, columns
  Color frame;  // of windows
  Color door;
  Color shutter;
  RoofCover cover = RoofCover::kSlate;
  Color roof;
  std::vector<Arch> arches;
  std::vector<Dressing> dressings;
  std::vector<RoofKind> roofs;
  std::vector<Massing> massings;
  Span width;           // of the main building, metres
  Span floors;          // count
  Span floor_height;    // metres
  Span bay;             // metres from window to window
  Span fill;            // window's part of the bay
  Span pitch;           // of the roof: rise over run
  double shutters = 0;  // from here on: probability that a landmark has them
  double quoins = 0;
  double pilasters = 0;
  double balconies = 0;
  double portico = 0;
  double buttresses = 0;
  double battlements = 0;
};

// Eight styles.
const std::vector<Style>& Styles();

// One landmark's variant of a style.
struct Look {
  Style style;  // with the landmark's own colours
  double bay = 3;
  double floor_height = 3.5;
  int floors = 3;
  double fill = 0.4;
  double pitch = 1;
  Arch ground_arch = Arch::kRound;
  Arch upper_arch = Arch::kFlat;
  Dressing dressing = Dressing::kFrame;
  int pane_columns = 2;
  int pane_rows = 3;
  bool shutters = false;
  bool quoins = false;
  bool pilasters = false;
  bool balconies = false;
  int frieze = 0;         // kind of ornament under the eaves
  double course = 1;      // size of bricks and stones relative to the usual
  double weathering = 1;  // amount of stains; 1 is usual
  uint64_t emblem = 0;    // random key of its coat of arms and its name
};

Look DrawLook(const Style& style, RandomStream& random);

}  // namespace vantage::synthetic
