// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "synthetic/canvas.h"
#include "synthetic/noise.h"
#include "synthetic/style.h"

namespace vantage::synthetic {

enum class OpeningKind { kWindow, kDoor, kLouvers, kNiche };

// A hole in a wall, as laid out; how it is filled follows the landmark's look.
struct Opening {
  OpeningKind kind = OpeningKind::kWindow;
  Arch arch = Arch::kFlat;
  Extent rect;
};

// Metres from the place to the edge of an opening under such an arch, negative inside.
double DistanceToOpening(Arch arch, const Extent& rect, double u, double v);

// Paints the opening, what fills it and what surrounds it.
void PaintOpening(Canvas& canvas, const Opening& opening, const Look& look, const NoiseField& noise,
                  RandomStream& random);

}  // namespace vantage::synthetic
