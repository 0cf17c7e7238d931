// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "synthetic/place.h"
#include "synthetic/style.h"

namespace vantage::synthetic {

// Makes a landmark of the style at the origin, its front towards -y, z up, with its surroundings. Metres.
Place MakePlace(const Style& style, const RandomStream& random);

// Adds the ground, the neighbouring buildings and the skyline; used by MakePlace.
void AddSurroundings(PlaceBuilder& builder, double radius, const Look& landmark);

}  // namespace vantage::synthetic
