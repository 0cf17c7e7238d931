// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <ATen/core/Tensor.h>

#include "nn/activation.h"
#include "nn/layer.h"

namespace vantage::nn {

// activation(x + residual); residual may be undefined.
at::Tensor AddAndActivate(at::Tensor x, const at::Tensor& residual, const Activation& activation);

// activation(convolution(x) + bias + residual), by operators that have gradients. bias and residual may be
// undefined. x: B x C x H x W; weight: out x C / groups x k x k; bias: out; residual: of the result's shape.
// options.extra_padding is for the caller to apply.
at::Tensor PlainConvolution(const at::Tensor& x_BCHW, const at::Tensor& weight, const at::Tensor& bias,
                            const ConvolutionOptions& options, const at::Tensor& residual_BCHW,
                            const Activation& activation);

// The same without gradients: on the CPU in one pass over memory, by the operator of LibTorch that oneDNN's
// fused convolution stands behind; elsewhere as PlainConvolution.
at::Tensor FusedConvolution(const at::Tensor& x_BCHW, const at::Tensor& weight, const at::Tensor& bias,
                            const ConvolutionOptions& options, const at::Tensor& residual_BCHW,
                            const Activation& activation);

// The same with gradients: on the CPU fused too. Not to be differentiated twice.
at::Tensor TrainedConvolution(const at::Tensor& x_BCHW, const at::Tensor& weight, const at::Tensor& bias,
                              const ConvolutionOptions& options, const at::Tensor& residual_BCHW,
                              const Activation& activation);

}  // namespace vantage::nn
