// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "util/random.h"

namespace vantage::nn {

// Mean and variance of each channel (2 x C, the variance unbiased), by the norm's name.
using BatchStatistics = std::map<std::string, at::Tensor>;

// What layers know of a pass of a batch of images beside the images. The default describes.
struct PassContext {
  // Batch statistics and randomness are for training alone.
  bool is_training = false;
  // Norms with batch statistics put here what they saw; null: nowhere. One that is passed twice puts its last
  // pass here.
  BatchStatistics* seen = nullptr;
  // Of all randomness.
  uint64_t seed = 0;
  // A number of each image that is the same in all its passes: an image whose gradient is computed in a
  // second pass, in another batch, draws what it drew in the first. Empty: the place in the batch.
  std::span<const uint64_t> images = {};

  // The random numbers of an image of the batch for a layer; `layer` is its name.
  RandomStream Random(std::string_view layer, size_t image) const {
    return {seed, layer, {images.empty() ? image : images[image]}};
  }
};

}  // namespace vantage::nn
