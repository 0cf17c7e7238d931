// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <vector>

#include "synthetic/raster.h"
#include "synthetic/synthetic.h"

namespace vantage::synthetic {

// Draws the views of a place: along an arc around its front, each at a free position that sees enough of the
// landmark.
std::vector<View> DrawViews(const Place& place, const SyntheticViewOptions& options, int count,
                            int image_size, RandomStream& random);

// The view scaled to about `size` pixels on its longer side, for estimates.
View Reduced(const View& view, int size);

}  // namespace vantage::synthetic
