// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "util/random.h"
#include "vantage/image.h"
#include "vantage/options.h"

namespace vantage::image {

// Applies random changes to an image, in the order of the options. The same stream gives the same image.
// Differs from torchvision's ColorJitter: brightness, contrast and saturation change in this order, not in a
// random one.
Image Augment(const Image& image, const AugmentationOptions& options, RandomStream& random);

// Mirrors left to right.
Image FlipHorizontally(const Image& image);

// Pillow's ImageEnhance.Brightness, Contrast and Color, bit for bit: interpolates between black, the image's
// mean grey, or its grey version (factor 0) and the image (factor 1), and extrapolates beyond 1. factor: at
// least 0.
Image ChangeBrightness(const Image& image, double factor);
Image ChangeContrast(const Image& image, double factor);
Image ChangeSaturation(const Image& image, double factor);

}  // namespace vantage::image
