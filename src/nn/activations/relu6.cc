// SPDX-License-Identifier: BSD-3-Clause
#include <ATen/TensorOperators.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>

#include "nn/activation.h"

namespace vantage::nn {

constinit const Activation kRelu6 = {.name = "relu6",
                                     .forward = [](const at::Tensor& x) { return x.clamp(0, 6); },
                                     .gradient_from = Activation::GradientFrom::kResult,
                                     .backward =
                                         [](const at::Tensor& gradient, const at::Tensor& y) {
                                           return at::where(y.gt(0).logical_and_(y.lt(6)), gradient,
                                                            at::zeros({}, gradient.options()));
                                         },
                                     .onednn_name = "hardtanh",  // between the scalars
                                     .onednn_scalars = {0, 6},
                                     .has_onednn_scalars = true,
                                     .bounds = Activation::Bounds{.lowest = 0, .highest = 6}};

}  // namespace vantage::nn
