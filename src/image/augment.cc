// SPDX-License-Identifier: BSD-3-Clause
#include "image/augment.h"
#include "vantage/image.h"
#include "vantage/preprocessing.h"

#include <algorithm>
#include <cmath>

namespace vantage {
namespace {

// A part of that size at a random place.
Image RandomCrop(const Image& image, int width, int height, RandomStream& random) {
  const auto left = static_cast<double>(random.Below(static_cast<uint64_t>(image.width - width) + 1));
  const auto top = static_cast<double>(random.Below(static_cast<uint64_t>(image.height - height) + 1));
  return Crop(image, {left, top, left + width, top + height});
}

Image RandomResizedCrop(const Image& image, double min_scale, RandomStream& random) {
  const double scale = random.Uniform(min_scale, 1);
  const auto part_of = [&](int side) { return std::max(1, static_cast<int>(std::lround(scale * side))); };
  return Resize(RandomCrop(image, part_of(image.width), part_of(image.height), random), image.width,
                image.height, Interpolation::kLanczos);
}

double RandomFactor(double reach, RandomStream& random) { return random.Uniform(1 - reach, 1 + reach); }

}  // namespace

void Declare(OptionsDescription& description, AugmentationOptions& options) {
  description
      .Add("square_size", options.square_size,
           "Side of the square that photos are resized to first, pixels; 0: photos keep their shape")
      .Range(0, 16384);
  description.Add("crop_size", options.crop_size, "Side of a random square that is cropped, pixels; 0: none")
      .Range(0, 16384);
  description
      .Add("min_crop_scale", options.min_crop_scale,
           "Smallest side of a random crop as a share of the photo's; the crop is resized to the photo's "
           "size. 1: no crop")
      .Range(0.01, 1);
  description
      .Add("flip_probability", options.flip_probability, "Probability that a photo is mirrored left to right")
      .Range(0, 1);
  description.Add("brightness", options.brightness, "Largest change of brightness").Range(0, 1);
  description.Add("contrast", options.contrast, "Largest change of contrast").Range(0, 1);
  description.Add("saturation", options.saturation, "Largest change of saturation").Range(0, 1);
}

Image image::FlipHorizontally(const Image& image) {
  Image flipped = image;
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < image.width; ++x) {
      const uint8_t* from = image.Row(y) + 3 * static_cast<ptrdiff_t>(image.width - 1 - x);
      std::copy(from, from + 3, flipped.Row(y) + 3 * static_cast<ptrdiff_t>(x));
    }
  }
  return flipped;
}

Image image::Augment(const Image& image, const AugmentationOptions& options, RandomStream& random) {
  CheckOptions(options);
  Image result = image;
  if (options.square_size > 0)
    result = Resize(result, options.square_size, options.square_size, Interpolation::kLanczos);
  if (options.crop_size > 0) {
    result = RandomCrop(result, std::min(options.crop_size, result.width),
                        std::min(options.crop_size, result.height), random);
  }
  if (options.min_crop_scale < 1) result = RandomResizedCrop(result, options.min_crop_scale, random);
  if (options.flip_probability > 0 && random.Chance(options.flip_probability)) {
    result = image::FlipHorizontally(result);
  }
  if (options.brightness > 0)
    result = image::ChangeBrightness(result, RandomFactor(options.brightness, random));
  if (options.contrast > 0) result = image::ChangeContrast(result, RandomFactor(options.contrast, random));
  if (options.saturation > 0)
    result = image::ChangeSaturation(result, RandomFactor(options.saturation, random));
  return result;
}

}  // namespace vantage
