// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "vantage/image.h"
#include "vantage/preprocessing.h"

namespace vantage::nn {

// Converts RGB images to a normalised batch: B x 3 x H x W, float32, channels last in memory. Throws Error if
// there are none or their sizes differ.
at::Tensor ImagesToTensor(const std::vector<Image>& images, const Normalization& normalization);

}  // namespace vantage::nn
