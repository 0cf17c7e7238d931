// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string>

#include "vantage/colmap.h"

namespace vantage::testing {

// A sparse model of random points around the origin seen by cameras on an arc, of different focal lengths and
// distances; each camera observes the points that fall into its image, some of them at random left out.
// Images are named 0.jpg, 1.jpg, ...
Reconstruction MakeRandomModel(int images, int points, uint64_t seed);

}  // namespace vantage::testing
