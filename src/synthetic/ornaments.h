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

// What a landmark is told apart by: its name in letters, a clock, a coat of arms, a rose window, a painted
// wall, a cloth. All follow from the look's emblem, so that one landmark shows the same arms everywhere.
void PaintOrnament(Canvas& canvas, const Ornament& ornament, const Look& look, const NoiseField& noise,
                   RandomStream& random);

// A band of repeated ornament, as under eaves: teeth, arches, a meander, panels or waves.
void PaintFrieze(Canvas& canvas, const Look& look, const NoiseField& noise, RandomStream& random);

}  // namespace vantage::synthetic
