// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <span>

#include "synthetic/raster.h"

namespace vantage::synthetic {

// The first surface that a view sees at each of its samples, without depths.
struct SeenItems {
  View view;
  ItemBuffer buffer;
};

// Exact cameras of the views, whose images are called `names`, and points that they see. Draws `per_view`
// points at random positions in each photo, on the surfaces that exist in all photos (`permanent`, the first
// in the buffers' numbering), and keeps those that at least two views see. A view sees a point if all samples
// around its projection show the point's surface, which is a depth test that is strict at edges.
Reconstruction SamplePoints(std::span<const Surface> permanent, std::span<const Texture> textures,
                            std::span<const SeenItems> views, std::span<const std::string> names,
                            int per_view, RandomStream& random);

}  // namespace vantage::synthetic
