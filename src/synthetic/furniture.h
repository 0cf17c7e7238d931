// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "synthetic/building.h"

namespace vantage::synthetic {

// Adds columns under a pediment or a balustrade, in front of the middle of a front. The frame's x axis runs
// along the wall.
void AddPortico(PlaceBuilder& builder, const Frame& wall, double width, double height, const Look& look,
                const Materials& materials);

// Adds steps that rise from the front to the frame's x axis.
void AddSteps(PlaceBuilder& builder, const Frame& wall, double width, int count, const Materials& materials);

// Adds a statue on a pedestal, an obelisk, a fountain or a column at the frame's origin.
void AddMonument(PlaceBuilder& builder, const Frame& frame, const Materials& materials);

// Adds bollards, planters, benches, kiosks and lamps around the origin, between the radii (metres) and
// outside existing obstacles.
void AddStreetFurniture(PlaceBuilder& builder, double inner_radius, double outer_radius, const Look& look,
                        const Materials& materials);

}  // namespace vantage::synthetic
