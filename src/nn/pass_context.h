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

// What layers know about a pass of a batch of images, in addition to the images. The default is a pass for
// description.
struct PassContext {
  // Whether batch statistics and randomness are used: in training only.
  bool is_training = false;
  // Destination for the statistics observed by norms that use batch statistics; null: not recorded. A norm
  // that is called twice leaves those of its last call.
  BatchStatistics* seen = nullptr;
  // Seed of all random numbers.
  uint64_t seed = 0;
  // A number per image that is the same in all its passes. If the image's gradient is computed in a second
  // pass, in another batch, it then gets the same random numbers as in the first. Empty: the image's position
  // in the batch.
  std::span<const uint64_t> images = {};
  // Stochastic depth (Huang et al., ECCV 2016), in training passes: probability that an image skips a branch
  // (attention, MLP) of a transformer's last block; 0 for the first block, linear between. The trunk passes
  // each block its own probability. Blocks whose weights are frozen skip nothing.
  double drop_path = 0;
  // Dropout (Srivastava et al., JMLR 2014): probability with which a hidden value of the head is set to 0 in
  // a training pass; the others are divided by 1 - dropout. Heads without hidden values ignore it.
  double dropout = 0;
  // Gradient checkpointing (Chen et al., 2016): a pass with a gradient keeps the input of each of the trunk's
  // stages, and computes the stage's activations again in the backward pass.
  bool recomputes_stages = false;

  // Random numbers of an image of the batch for the layer named `layer`.
  RandomStream Random(std::string_view layer, size_t image) const {
    return {seed, layer, {images.empty() ? image : images[image]}};
  }
};

}  // namespace vantage::nn
