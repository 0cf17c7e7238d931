// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <vector>

#include "nn/pass_context.h"

namespace vantage::nn {

using OfPass = std::function<at::Tensor(const at::Tensor& x, const PassContext& pass)>;

// compute(x, pass), of whose graph only x is kept: the backward pass computes it again, with the same random
// numbers. The gradient is that of compute itself. trained: the tensors, other than x, that compute depends
// on and that may require gradients. compute must not change x.
at::Tensor Recomputed(const at::Tensor& x, const std::vector<at::Tensor>& trained, const PassContext& pass,
                      const OfPass& compute);

}  // namespace vantage::nn
