// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <ATen/core/Tensor.h>

#include "nn/layer.h"

namespace vantage::nn {

// at::max_pool2d. B x C x H x W.
at::Tensor PlainMaxPool(const at::Tensor& x_BCHW, const PoolWindow& window);

// The same without gradients. That one also writes the place of each maximum, twice as many bytes as
// the maxima: float32 maps on the CPU, channels last, are pooled here without, several times as fast.
at::Tensor FastMaxPool(const at::Tensor& x_BCHW, const PoolWindow& window);

}  // namespace vantage::nn
