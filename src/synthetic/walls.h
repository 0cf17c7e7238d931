// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "synthetic/canvas.h"
#include "synthetic/noise.h"
#include "synthetic/style.h"

namespace vantage::synthetic {

// Paints bricks, stones, plaster, beams or panels over the extent, each piece with its own tint.
void PaintWall(Canvas& canvas, const Extent& extent, const Look& look, const NoiseField& noise,
               RandomStream& random);

// Paints tiles, slates or sheets, in rows from the bottom.
void PaintRoofCover(Canvas& canvas, const Look& look, const NoiseField& noise, RandomStream& random);

// Paints dressed stone, for small parts.
void PaintTrim(Canvas& canvas, const Color& color, const NoiseField& noise, RandomStream& random);

// Blotches with frayed edges, lighter and darker than their background.
struct Stains {
  double density = 0.1;  // of blotches, 1 / square metre
  Span radius;           // metres
  Span opacity;
};
void PaintStains(Canvas& canvas, const Stains& stains, const NoiseField& noise, RandomStream& random);

// Paints the weathering of a wall: blotches at all scales, streaks of rain water, a dirty base, cracks,
// repairs. None of it repeats, unlike the pieces of the wall. amount: 1 is usual.
void PaintWeathering(Canvas& canvas, double amount, const NoiseField& noise, RandomStream& random);

}  // namespace vantage::synthetic
