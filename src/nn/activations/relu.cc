// SPDX-License-Identifier: BSD-3-Clause
#include <ATen/ops/threshold_backward.h>

#include "nn/activation.h"

namespace vantage::nn {

constinit const Activation kRelu = {
    .name = "relu",
    .forward = [](const at::Tensor& x) { return x.relu(); },
    .gradient_from = Activation::GradientFrom::kResult,
    .backward = [](const at::Tensor& gradient,
                   const at::Tensor& y) { return at::threshold_backward(gradient, y, 0); },
    .onednn_name = "relu",
    .fuses_after_addition = true,
    .bounds = Activation::Bounds{.lowest = 0}};

}  // namespace vantage::nn
