// SPDX-License-Identifier: BSD-3-Clause
#include <ATen/ops/mean.h>

#include "nn/pooling.h"

namespace vantage::nn {

at::Tensor SpocPool(const at::Tensor& x_BCHW) { return x_BCHW.mean({2, 3}); }

constinit const PoolingRow kSpoc = {
    .name = "spoc", .pool = [](const at::Tensor& x_BCHW, const at::Tensor&) { return SpocPool(x_BCHW); }};

}  // namespace vantage::nn
