// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <vector>

#include "synthetic/raster.h"
#include "synthetic/synthetic.h"

namespace vantage::synthetic {

// Where the photos of a place are taken from: along the arc around its front, each at a free spot from which
// enough of the landmark is seen.
std::vector<View> DrawViews(const Place& place, const SyntheticViewOptions& options, int count,
                            int image_size, RandomStream& random);

// The view reduced to about this many pixels on its longer side, for estimates.
View Reduced(const View& view, int size);

}  // namespace vantage::synthetic
