// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <array>
#include <cmath>

#include "image/resample.h"
#include "util/check.h"
#include "util/index.h"
#include "vantage/image.h"
#include "vantage/preprocessing.h"

namespace vantage {
namespace {

// Pillow's reducing_gap: the box reduction leaves at least this ratio to Lanczos.
constexpr double kReducingGap = 2.0;
// Pillow's reduce: each output pixel is the mean of a block of input pixels, fewer at the right and bottom
// edges.
Image ReduceByBoxes(const Image& image, int factor_x, int factor_y) {
  Image out = MakeImage((image.width + factor_x - 1) / factor_x, (image.height + factor_y - 1) / factor_y);
  for (int y = 0; y < out.height; ++y) {
    const int first_y = y * factor_y;
    const int last_y = std::min(image.height, first_y + factor_y);
    for (int x = 0; x < out.width; ++x) {
      const int first_x = x * factor_x;
      const int last_x = std::min(image.width, first_x + factor_x);
      const auto count = static_cast<uint32_t>((last_x - first_x) * (last_y - first_y));
      std::array<uint32_t, 3> sums = {count / 2, count / 2, count / 2};
      for (int from_y = first_y; from_y < last_y; ++from_y) {
        const uint8_t* row = image.Row(from_y);
        for (int from_x = first_x; from_x < last_x; ++from_x) {
          for (size_t c = 0; c < 3; ++c) sums[c] += row[3 * ToIndex(from_x) + c];
        }
      }
      // 2^24 / count in single precision, as Pillow divides.
      const auto multiplier = static_cast<uint32_t>(4294967296.0F / static_cast<float>(count * 256));
      for (size_t c = 0; c < 3; ++c) {
        out.Row(y)[3 * ToIndex(x) + c] = static_cast<uint8_t>((sums[c] * multiplier) >> 24);
      }
    }
  }
  return out;
}

// floor or ceiling of the number, at least 1: whichever has the smaller error, floor if equal.
template <typename ErrorOf>
int RoundAspect(double number, ErrorOf error_of) {
  const double low = std::floor(number);
  const double high = std::ceil(number);
  return std::max(1, static_cast<int>(error_of(high) < error_of(low) ? high : low));
}

}  // namespace

ImageSize ThumbnailSize(int width, int height, int size) {
  if (width <= size && height <= size) return {width, height};
  return image::SizeOfLongest(width, height, size);
}

ImageSize image::SizeOfLongest(int width, int height, int size) {
  VANTAGE_CHECK(size >= 1, "a thumbnail of ", size, " pixels");
  const double aspect = static_cast<double>(width) / height;
  if (aspect <= 1.0) {
    return {RoundAspect(size * aspect, [&](double n) { return std::abs(aspect - n / size); }), size};
  }
  return {size,
          RoundAspect(size / aspect, [&](double n) { return n == 0 ? 0.0 : std::abs(aspect - size / n); })};
}

Image Thumbnail(const Image& image, int size) {
  const ImageSize target = ThumbnailSize(image.width, image.height, size);
  if (target.width == image.width && target.height == image.height) return image;
  return Resize(image, target.width, target.height, Interpolation::kLanczos);
}

Image Resize(const Image& image, int width, int height, Interpolation interpolation, bool antialias) {
  CheckImage(image);
  const Image* source = &image;
  Image reduced;
  auto length_x = static_cast<float>(image.width);
  auto length_y = static_cast<float>(image.height);
  if (interpolation == Interpolation::kLanczos) {
    const int factor_x =
        std::max(1, static_cast<int>(static_cast<double>(image.width) / width / kReducingGap));
    const int factor_y =
        std::max(1, static_cast<int>(static_cast<double>(image.height) / height / kReducingGap));
    if (factor_x > 1 || factor_y > 1) {
      reduced = ReduceByBoxes(image, factor_x, factor_y);
      length_x = static_cast<float>(static_cast<double>(image.width) / factor_x);
      length_y = static_cast<float>(static_cast<double>(image.height) / factor_y);
      source = &reduced;
    }
  }
  const auto weights = [&](int input_size, float input_length, int output_size) {
    return antialias || interpolation == Interpolation::kLanczos
               ? image::AntialiasedWeights(interpolation, input_size, input_length, output_size)
               : image::NearestWeights(interpolation, input_size, output_size);
  };
  const image::ResampleKernels& kernels = image::FastestResampleKernels();
  Image resampled;
  if (width != source->width || length_x != static_cast<float>(width)) {
    resampled = kernels.horizontally(*source, weights(source->width, length_x, width));
    source = &resampled;
  }
  if (height != source->height || length_y != static_cast<float>(height)) {
    return kernels.vertically(*source, weights(source->height, length_y, height));
  }
  return *source;
}

}  // namespace vantage
