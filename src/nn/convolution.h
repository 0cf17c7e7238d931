// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <ATen/core/Tensor.h>

#include "nn/activation.h"
#include "nn/layer.h"

namespace vantage::nn {

// activation(x + residual); residual may be undefined.
at::Tensor AddAndActivate(at::Tensor x, const at::Tensor& residual, const Activation& activation);

// activation(convolution(x) + bias + residual), with operators that have gradients. bias and residual may be
// undefined. x: B x C x H x W; weight: out x C / groups x k x k; bias: out; residual: shape of the result.
// The caller must apply options.extra_padding.
at::Tensor PlainConvolution(const at::Tensor& x_BCHW, const at::Tensor& weight, const at::Tensor& bias,
                            const ConvolutionOptions& options, const at::Tensor& residual_BCHW,
                            const Activation& activation);

// The same without gradients. On the CPU it makes one pass over memory, with the LibTorch operator that calls
// oneDNN's fused convolution. On other devices it calls PlainConvolution.
at::Tensor FusedConvolution(const at::Tensor& x_BCHW, const at::Tensor& weight, const at::Tensor& bias,
                            const ConvolutionOptions& options, const at::Tensor& residual_BCHW,
                            const Activation& activation);

// The same with gradients; fused on the CPU too. Does not support second derivatives.
at::Tensor TrainedConvolution(const at::Tensor& x_BCHW, const at::Tensor& weight, const at::Tensor& bias,
                              const ConvolutionOptions& options, const at::Tensor& residual_BCHW,
                              const Activation& activation);

}  // namespace vantage::nn
