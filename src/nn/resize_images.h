// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <ATen/core/Tensor.h>

namespace vantage::nn {

// Bilinear resize by a factor, as PyTorch's interpolate(scale_factor=scale, align_corners=False) has it: B x
// C x H x W to B x C x floor(scale H) x floor(scale W). Coordinates are computed in float64: in float32 they
// are off by 1e-4 pixels at the far side, differently from CPU to CPU. Without gradients.
at::Tensor ResizeImages(const at::Tensor& x_BCHW, double scale);

}  // namespace vantage::nn
