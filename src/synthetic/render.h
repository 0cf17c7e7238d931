// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <vector>

#include "synthetic/light.h"
#include "synthetic/raster.h"

namespace vantage::synthetic {

// The light at every pixel of a view, row by row from the top: linear amounts, before a camera develops them
// (Develop).
struct Radiance {
  int width = 0;
  int height = 0;
  std::vector<Eigen::Array3f> pixels;
};

// Shades a view, antialiased: edges with the buffer's samples, textures with their mip levels. Textures stay
// sharp at slanted angles.
Radiance Shade(std::span<const Surface> surfaces, std::span<const ProjectedSurface> projected,
               std::span<const Texture> textures, const View& view, const ItemBuffer& buffer,
               const Light& light, const NoiseField& noise);

}  // namespace vantage::synthetic
