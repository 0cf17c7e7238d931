// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/image.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "util/check.h"
#include "util/index.h"

namespace vantage {

void CheckImage(const Image& image) {
  VANTAGE_CHECK(image.width > 0 && image.height > 0 &&
                    image.pixels.size() == size_t{3} * ToIndex(image.width) * ToIndex(image.height),
                "an image of ", image.width, " x ", image.height, " pixels has ", image.pixels.size(),
                " bytes, not 3 a pixel");
}

Image MakeImage(int width, int height) {
  VANTAGE_CHECK(width > 0 && height > 0, "an image of ", width, " x ", height, " pixels");
  return {width, height, std::vector<uint8_t>(ToIndex(width) * ToIndex(height) * 3)};
}

Image ApplyOrientation(Image image, int exif_orientation) {
  if (exif_orientation <= 1 || exif_orientation > 8) return image;
  const bool swaps_axes = exif_orientation >= 5;
  Image upright = MakeImage(swaps_axes ? image.height : image.width, swaps_axes ? image.width : image.height);
  for (int y = 0; y < upright.height; ++y) {
    for (int x = 0; x < upright.width; ++x) {
      int from_x = swaps_axes ? y : x;
      int from_y = swaps_axes ? x : y;
      // 2: mirrored; 3: turned by 180 degrees; 4: upside down; 5: transposed; 6: to be turned clockwise;
      // 7: transposed across the other diagonal; 8: to be turned counter-clockwise.
      if (exif_orientation == 2 || exif_orientation == 3 || exif_orientation == 7 || exif_orientation == 8) {
        from_x = image.width - 1 - from_x;
      }
      if (exif_orientation == 3 || exif_orientation == 4 || exif_orientation == 6 || exif_orientation == 7) {
        from_y = image.height - 1 - from_y;
      }
      std::memcpy(upright.Row(y) + 3 * x, image.Row(from_y) + 3 * from_x, 3);
    }
  }
  return upright;
}

Image Crop(const Image& image, const Box& box) {
  const auto left = static_cast<int64_t>(std::nearbyint(box.left));
  const auto top = static_cast<int64_t>(std::nearbyint(box.top));
  const auto right = static_cast<int64_t>(std::nearbyint(box.right));
  const auto bottom = static_cast<int64_t>(std::nearbyint(box.bottom));
  VANTAGE_CHECK(left < right && top < bottom, "the box (", box.left, ", ", box.top, ", ", box.right, ", ",
                box.bottom, ") is empty");
  VANTAGE_CHECK(left < image.width && top < image.height && right > 0 && bottom > 0 &&
                    right - left <= 1 << 20 && bottom - top <= 1 << 20,
                "the box (", box.left, ", ", box.top, ", ", box.right, ", ", box.bottom,
                ") is outside the image of ", image.width, " x ", image.height, " pixels");
  Image part = MakeImage(static_cast<int>(right - left), static_cast<int>(bottom - top));
  const int64_t first_x = std::max<int64_t>(left, 0);
  const int64_t last_x = std::min<int64_t>(right, image.width);
  for (int64_t y = std::max<int64_t>(top, 0); y < std::min<int64_t>(bottom, image.height); ++y) {
    std::memcpy(part.Row(static_cast<int>(y - top)) + 3 * (first_x - left),
                image.Row(static_cast<int>(y)) + 3 * first_x, ToIndex(3 * (last_x - first_x)));
  }
  return part;
}

}  // namespace vantage
