// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <ATen/core/Tensor.h>

#include <span>

#include "vantage/preprocessing.h"

namespace vantage::nn {

// Bilinear resize by a factor, as PyTorch's interpolate(scale_factor=scale, align_corners=False):
// B x C x H x W to B x C x floor(scale H) x floor(scale W). Without gradients. Coordinates are computed in
// float64. In float32 they would be off by 1e-4 pixels at the far side, by amounts that differ between CPUs.
at::Tensor ResizeImages(const at::Tensor& x_BCHW, double scale);

// Applies preprocessing steps to a normalised float32 batch, with PyTorch's operators. Without gradients.
at::Tensor ApplyTensorSteps(at::Tensor x_BCHW, std::span<const PreprocessingStep> steps);

}  // namespace vantage::nn
