// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <span>

#include "synthetic/raster.h"

namespace vantage::synthetic {

// What a view saw first at each of its samples, without the depths.
struct SeenItems {
  View view;
  ItemBuffer buffer;
};

// Exact cameras and points of the views, named `names`. Points are drawn at random places of the photos,
// `per_view` in each, on what is there in all of them (the first `permanent` surfaces), and kept where two or
// more views see them. A view sees a point if all samples around its projection show the point's surface: a
// depth test that is strict at edges.
Reconstruction SamplePoints(std::span<const Surface> permanent, std::span<const Texture> textures,
                            std::span<const SeenItems> views, std::span<const std::string> names,
                            int per_view, RandomStream& random);

}  // namespace vantage::synthetic
