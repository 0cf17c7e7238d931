// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "synthetic/canvas.h"
#include "synthetic/noise.h"
#include "synthetic/style.h"

namespace vantage::synthetic {

// Bricks, stones, plaster, beams or panels over the extent, each piece with its own tint.
void PaintWall(Canvas& canvas, const Extent& extent, const Look& look, const NoiseField& noise,
               RandomStream& random);

// Tiles, slates or sheets, laid in rows from the bottom.
void PaintRoofCover(Canvas& canvas, const Look& look, const NoiseField& noise, RandomStream& random);

// Dressed stone for small parts.
void PaintTrim(Canvas& canvas, const Color& color, const NoiseField& noise, RandomStream& random);

// Blotches with frayed edges, lighter and darker than what they are on.
struct Stains {
  double density = 0.1;  // of blotches, 1 / square metre
  Span radius;           // metres
  Span opacity;
};
void PaintStains(Canvas& canvas, const Stains& stains, const NoiseField& noise, RandomStream& random);

// What time does to a wall: blotches at all scales, streaks of rain water, a dirty foot, cracks, repairs.
// Unlike the pieces of the wall none of it repeats. `amount` 1 is usual.
void PaintWeathering(Canvas& canvas, double amount, const NoiseField& noise, RandomStream& random);

}  // namespace vantage::synthetic
