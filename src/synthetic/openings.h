// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "synthetic/canvas.h"
#include "synthetic/noise.h"
#include "synthetic/style.h"

namespace vantage::synthetic {

enum class OpeningKind { kWindow, kDoor, kLouvers, kNiche };

// An opening in a wall. The landmark's look decides what fills it.
struct Opening {
  OpeningKind kind = OpeningKind::kWindow;
  Arch arch = Arch::kFlat;
  Extent rect;
};

// Signed distance in metres from (u, v) to the edge of an opening with this arch, negative inside.
double DistanceToOpening(Arch arch, const Extent& rect, double u, double v);

// Paints the opening, its filling and its surround.
void PaintOpening(Canvas& canvas, const Opening& opening, const Look& look, const NoiseField& noise,
                  RandomStream& random);

}  // namespace vantage::synthetic
