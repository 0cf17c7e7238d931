// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <ATen/core/Tensor.h>

#include <string_view>

#include "nn/pass_context.h"

namespace vantage::nn {

// x (B x ...) with values set to 0 as PassContext::dropout says; x itself if the pass does not train. layer:
// the name that the random numbers are drawn for.
at::Tensor Dropout(const at::Tensor& x, std::string_view layer, const PassContext& pass);

}  // namespace vantage::nn
