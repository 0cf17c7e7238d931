// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "vantage/config/options_description.h"
#include "vantage/image/image.h"
#include "vantage/util/random.h"

namespace vantage {

// How photos are varied for training. By default they are not, as in TPAMI 2019.
struct AugmentationOptions {
  // Photos are resized to a square of so many pixels a side first, whatever their shape. 0: not.
  int square_size = 0;  // MVA 2022: 336, or 504 before a random crop
  // A square of so many pixels a side is cut out at a random place (of shorter sides: all of it). 0: none.
  int crop_size = 0;  // MVA 2022: 336
  // A part of the photo's shape is cut out at a random place and resized to the photo's size; its sides are a
  // random share, at least this, of the photo's. Range (0, 1]; 1: none.
  double min_crop_scale = 1;
  // How often a photo is mirrored, left to right. Range [0, 1].
  double flip_probability = 0;
  // Brightness, contrast and saturation are multiplied by random factors in [1 - x, 1 + x]. Range [0, 1].
  double brightness = 0;
  double contrast = 0;
  double saturation = 0;

  bool operator==(const AugmentationOptions&) const = default;
};
void Declare(OptionsDescription& description, AugmentationOptions& options);

// Varies an image, in the order of the options. The same stream gives the same image.
// Differs from torchvision's ColorJitter: brightness, contrast and saturation change in this order, not in a
// random one.
Image Augment(const Image& image, const AugmentationOptions& options, RandomStream& random);

// Mirrors left to right.
Image FlipHorizontally(const Image& image);

// Pillow's ImageEnhance.Brightness, Contrast and Color, bit for bit: the image is drawn towards black, its
// mean grey, or its grey version (factor 0), or away from it (above 1). factor: at least 0.
Image ChangeBrightness(const Image& image, double factor);
Image ChangeContrast(const Image& image, double factor);
Image ChangeSaturation(const Image& image, double factor);

}  // namespace vantage
