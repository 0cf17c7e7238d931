// SPDX-License-Identifier: BSD-3-Clause
#include "nn/activation.h"

namespace vantage::nn {

constinit const Activation kNoActivation = {
    .name = "none",
    .forward = [](const at::Tensor& x) { return x; },
    .gradient_from = Activation::GradientFrom::kResult,
    .backward = [](const at::Tensor& gradient, const at::Tensor&) { return gradient; },
    .onednn_name = "none",
    .fuses_after_addition = true,
    .bounds = Activation::Bounds{}};

}  // namespace vantage::nn
