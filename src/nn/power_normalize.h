// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <ATen/core/Tensor.h>

namespace vantage::nn {

// Power normalisation, sign(x) |x|^exponent of each element (Perronnin, Sanchez, Mensink, "Improving the
// Fisher kernel for large-scale image classification", ECCV 2010). Computed as
// x (x^2 + 1e-20)^((exponent - 1) / 2), which is the same for elements well above 1e-10 in magnitude and has
// a gradient of 1e10^(1 - exponent) at 0. For descriptors of unit length; exponent in (0, 1].
at::Tensor PowerNormalize(const at::Tensor& x, double exponent);

}  // namespace vantage::nn
