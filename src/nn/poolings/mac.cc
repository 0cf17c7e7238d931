// SPDX-License-Identifier: BSD-3-Clause
#include <ATen/ops/amax.h>

#include "nn/pooling.h"

namespace vantage::nn {

at::Tensor MacPool(const at::Tensor& x_BCHW) { return at::amax(x_BCHW, {2, 3}); }

constinit const PoolingRow kMac = {
    .name = "mac", .pool = [](const at::Tensor& x_BCHW, const at::Tensor&) { return MacPool(x_BCHW); }};

}  // namespace vantage::nn
