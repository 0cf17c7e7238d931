// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <vector>

#include "vantage/model.h"
#include "vantage/options.h"

namespace at {
class Tensor;
}

namespace vantage::nn {

// Regional GeM: the mean of x and of its generalised mean over size x size windows, see regional_size. Values
// below zero count as zero in the generalised mean. Borders are mirrored. x: B x C x H x W, with sides of at
// least size / 2 (rounded down) + 1. Throws UsageError if size is not odd.
at::Tensor RegionalGem(const at::Tensor& x_BCHW, int64_t size, double exponent);

// Pools the descriptors of B photos over scales, as described for scale_pooling. Each tensor is B x D;
// returns B x D of unit length. Throws UsageError for any scale_pooling other than max and gem; Network
// implements `mean`.
at::Tensor PoolScales(const std::vector<at::Tensor>& descriptors_BD, const std::string& scale_pooling);

}  // namespace vantage::nn
