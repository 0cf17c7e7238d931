// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <ATen/core/Tensor.h>

#include "nn/activation.h"
#include "nn/layer.h"
#include "nn/winograd_kernels.h"

namespace vantage::nn {

// A 3 x 3 convolution of stride 1 and padding 1 with a quarter of the multiplications: Winograd's F(4 x 4, 3
// x 3), Lavin and Gray, CVPR 2016. float32 on the CPU, without gradients. Its results differ from those of
// PlainConvolution, the slow twin, by twice what a sum in another order differs by (winograd_kernels.h).
//
// The transformed weights take four times the memory of the weights, a call at most 36 x 4 x (in + out
// channels) x kMostTiles bytes a thread beside the result: 14 MiB for 512 channels. Tiles of a map are shared
// out among LibTorch's threads; results do not depend on their number.
class WinogradConvolution {
 public:
  // Tiles of 4 x 4 pixels that are worked on at a time.
  static constexpr int64_t kMostTiles = 96;

  // weight: out x in x 3 x 3; bias: out, or undefined.
  WinogradConvolution(const at::Tensor& weight, const at::Tensor& bias,
                      const WinogradKernels& kernels = FastestWinogradKernels());

  // activation(convolution(x) + bias + residual), B x out x H x W, channels last. residual, of that shape,
  // may be undefined. x: B x in x H x W.
  at::Tensor operator()(const at::Tensor& x_BCHW, const at::Tensor& residual_BCHW,
                        const Activation& activation) const;

 private:
  const WinogradKernels* kernels_;
  int64_t in_channels_;
  int64_t out_channels_;
  at::Tensor weights_;  // 36 x panels x in x kWinogradPanel
  at::Tensor bias_;     // of whole panels
};

// Whether it is faster than oneDNN's direct convolution for such a layer, on this processor.
bool WinogradSuits(const ConvolutionOptions& options);
// And for such a map, of such a layer.
bool WinogradSuits(const at::Tensor& x_BCHW);

}  // namespace vantage::nn
