// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "synthetic/building.h"

namespace vantage::synthetic {

// Columns under a pediment or a balustrade, before the middle of a front; the frame's x axis runs along the
// wall.
void AddPortico(PlaceBuilder& builder, const Frame& wall, double width, double height, const Look& look,
                const Materials& materials);

// Steps up to the frame's x axis from the front.
void AddSteps(PlaceBuilder& builder, const Frame& wall, double width, int count, const Materials& materials);

// One of: a statue on a pedestal, an obelisk, a fountain, a column. Stands on the frame's origin.
void AddMonument(PlaceBuilder& builder, const Frame& frame, const Materials& materials);

// Bollards, planters, benches, kiosks, lamps around the frame's origin, outside the obstacles there are.
void AddStreetFurniture(PlaceBuilder& builder, double inner_radius, double outer_radius, const Look& look,
                        const Materials& materials);

}  // namespace vantage::synthetic
