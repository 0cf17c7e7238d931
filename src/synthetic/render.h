// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <vector>

#include "synthetic/light.h"
#include "synthetic/raster.h"

namespace vantage::synthetic {

// What the light of a view looks like at every pixel, row by row from the top; amounts of light, before any
// camera turns them into a photo.
struct Radiance {
  int width = 0;
  int height = 0;
  std::vector<Eigen::Array3f> pixels;
};

// Antialiased: edges by the buffer's samples, textures by their mip levels, with sharpness kept at slanted
// views.
Radiance Shade(std::span<const Surface> surfaces, std::span<const ProjectedSurface> projected,
               std::span<const Texture> textures, const View& view, const ItemBuffer& buffer,
               const Light& light, const NoiseField& noise);

}  // namespace vantage::synthetic
