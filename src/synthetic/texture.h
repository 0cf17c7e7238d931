// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <vector>

#include "synthetic/place.h"

namespace vantage::synthetic {

// A painted canvas with its mip levels, each half the size of the one before.
class Texture {
 public:
  Texture(const Canvas& canvas, bool wraps);

  // Texels per metre of the finest level.
  double density() const { return density_; }

  // Red, green, blue, opacity in 0 .. 255 at a place in metres, smoothed over about 2^level texels
  // (trilinear).
  Eigen::Array4f Sample(double u, double v, float level) const;
  // The opacity of the nearest texel of a whole level.
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

// The recipe's texture of at least the density, unless the recipe allows less.
Texture PaintTexture(const TextureRecipe& recipe, double density);

}  // namespace vantage::synthetic
