// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <ATen/core/Tensor.h>

#include "nn/layer.h"

namespace vantage::nn {

// at::max_pool2d. B x C x H x W.
at::Tensor PlainMaxPool(const at::Tensor& x_BCHW, const PoolWindow& window);

// The same without gradients. at::max_pool2d also writes the index of each maximum, which is twice as many
// bytes as the maxima. For float32 maps on the CPU in channels-last layout this function writes none and is
// several times as fast.
at::Tensor FastMaxPool(const at::Tensor& x_BCHW, const PoolWindow& window);

}  // namespace vantage::nn
