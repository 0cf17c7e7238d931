// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "synthetic/canvas.h"
#include "synthetic/noise.h"
#include "synthetic/style.h"

namespace vantage::synthetic {

enum class OrnamentKind { kSign, kClock, kEmblem, kRose, kMural, kBanner };

struct Ornament {
  OrnamentKind kind = OrnamentKind::kSign;
  Extent rect;
};

// Paints what distinguishes a landmark: its name in letters, a clock, a coat of arms, a rose window, a mural
// or a banner. The look's emblem determines all of them, so that a landmark shows the same arms everywhere.
void PaintOrnament(Canvas& canvas, const Ornament& ornament, const Look& look, const NoiseField& noise,
                   RandomStream& random);

// Paints a band of repeated ornament, as under eaves: teeth, arches, a meander, panels or waves.
void PaintFrieze(Canvas& canvas, const Look& look, const NoiseField& noise, RandomStream& random);

}  // namespace vantage::synthetic
