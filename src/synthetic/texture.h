// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <vector>

#include "synthetic/place.h"

namespace vantage::synthetic {

// A painted canvas with its mip levels, each half the size of the last.
class Texture {
 public:
  Texture(const Canvas& canvas, bool wraps);

  // Texels per metre at the finest level.
  double density() const { return density_; }

  // Red, green, blue and opacity, 0 .. 255, at (u, v) in metres, filtered over about 2^level texels
  // (trilinear).
  Eigen::Array4f Sample(double u, double v, float level) const;
  // Opacity of the nearest texel at a whole level, 0 .. 255.
  uint8_t Opacity(double u, double v, int level) const;

 private:
  struct Level {
    int columns = 0;
    int rows = 0;
    std::vector<uint8_t> texels;

    const uint8_t* At(int x, int y) const {
      return texels.data() + (static_cast<ptrdiff_t>(y) * columns + x) * 4;
    }
  };

  static Level Half(const Level& level);
  int Place(int index, int size) const;
  Eigen::Array4f Bilinear(const Level& level, float x, float y) const;

  double density_ = 1;
  bool wraps_ = false;
  std::vector<Level> levels_;
};

// Paints the recipe's texture at `density` (texels per metre) or more, but at most at recipe.max_density.
Texture PaintTexture(const TextureRecipe& recipe, double density);

}  // namespace vantage::synthetic
