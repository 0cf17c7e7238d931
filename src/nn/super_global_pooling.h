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

// What regional_size says. x: B x C x H x W, sides at least half of the size (rounded down) + 1; values below
// zero count as zero in the generalised mean. Edges are mirrored.
at::Tensor RegionalGem(const at::Tensor& x_BCHW, int64_t size, double exponent);

// What scale_pooling says, of descriptors of B photos at some scales, each B x D: B x D of unit length.
// `mean` is left to Network.
at::Tensor PoolScales(const std::vector<at::Tensor>& descriptors_BD, const std::string& scale_pooling);

}  // namespace vantage::nn
