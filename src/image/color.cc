// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <cmath>

#include "image/augment.h"
#include "vantage/image.h"

namespace vantage::image {
namespace {

// Pillow's grey: ITU-R 601-2 in 16-bit fixed point.
int GreyOf(const uint8_t* pixel) {
  return static_cast<int>((pixel[0] * 19595U + pixel[1] * 38470U + pixel[2] * 7471U + 0x8000U) >> 16U);
}

// Pillow's blend, which cuts fractions off.
uint8_t Blend(int from, int to, float factor) {
  const float value = static_cast<float>(from) + factor * static_cast<float>(to - from);
  return static_cast<uint8_t>(std::clamp(value, 0.0F, 255.0F));
}

// Blends each pixel with a grey that `grey_of` gives for it.
template <typename GreyOfPixel>
Image BlendWithGrey(const Image& image, double factor, const GreyOfPixel& grey_of) {
  Image result = image;
  for (size_t i = 0; i < result.pixels.size(); i += 3) {
    const int grey = grey_of(image.pixels.data() + i);
    for (size_t c = 0; c < 3; ++c) {
      result.pixels[i + c] = Blend(grey, image.pixels[i + c], static_cast<float>(factor));
    }
  }
  return result;
}

}  // namespace

Image ChangeBrightness(const Image& image, double factor) {
  return BlendWithGrey(image, factor, [](const uint8_t*) { return 0; });
}

Image ChangeContrast(const Image& image, double factor) {
  if (image.pixels.empty()) return image;
  int64_t sum = 0;
  for (size_t i = 0; i < image.pixels.size(); i += 3) sum += GreyOf(image.pixels.data() + i);
  const double mean = static_cast<double>(sum) / (static_cast<double>(image.pixels.size()) / 3);
  return BlendWithGrey(image, factor,
                       [grey = static_cast<int>(std::lround(mean))](const uint8_t*) { return grey; });
}

Image ChangeSaturation(const Image& image, double factor) { return BlendWithGrey(image, factor, GreyOf); }

}  // namespace vantage::image
