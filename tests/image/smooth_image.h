// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "vantage/image.h"

namespace vantage::image {

// Smooth colours, different at each corner.
inline Image SmoothImage(int width, int height) {
  Image image = MakeImage(width, height);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      image.Row(y)[3 * x] = static_cast<uint8_t>(200 * x / width);
      image.Row(y)[3 * x + 1] = static_cast<uint8_t>(200 * y / height);
      image.Row(y)[3 * x + 2] = static_cast<uint8_t>(50 + 100 * (x + y) / (width + height));
    }
  }
  return image;
}

}  // namespace vantage::image
