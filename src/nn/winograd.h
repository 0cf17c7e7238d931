// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <ATen/core/Tensor.h>

#include "nn/activation.h"
#include "nn/layer.h"
#include "nn/winograd_kernels.h"

namespace vantage::nn {

// A 3 x 3 convolution with stride 1 and padding 1 that needs a quarter of the multiplications: Winograd's
// F(4 x 4, 3 x 3) (Lavin and Gray, CVPR 2016). float32 on the CPU, without gradients. Its results differ from
// those of PlainConvolution, the slow reference, by twice as much as sums in different order differ
// (winograd_kernels.h).
//
// The transformed weights need four times the memory of the weights. A call needs at most
// 36 x 4 x (in + out channels) x kMostTiles bytes per thread in addition to the result: 14 MiB for 512
// channels. LibTorch's threads share the tiles of a map; results do not depend on their number.
class WinogradConvolution {
 public:
  // Number of 4 x 4 pixel tiles that are processed at a time.
  static constexpr int64_t kMostTiles = 96;

  // weight: out x in x 3 x 3; bias: out, or undefined.
  WinogradConvolution(const at::Tensor& weight, const at::Tensor& bias,
                      const WinogradKernels& kernels = FastestWinogradKernels());

  // Returns activation(convolution(x) + bias + residual): B x out x H x W, channels last. x: B x in x H x W.
  // residual has the result's shape and may be undefined.
  at::Tensor operator()(const at::Tensor& x_BCHW, const at::Tensor& residual_BCHW,
                        const Activation& activation) const;

 private:
  const WinogradKernels* kernels_;
  int64_t in_channels_;
  int64_t out_channels_;
  at::Tensor weights_;  // 36 x panels x in x kWinogradPanel
  at::Tensor bias_;     // padded to whole panels
};

// Whether Winograd's convolution is faster for such a layer on this processor than oneDNN's direct
// convolution.
bool WinogradSuits(const ConvolutionOptions& options);
// Whether Winograd's convolution supports such a map: float32 on the CPU.
bool WinogradSuits(const at::Tensor& x_BCHW);

}  // namespace vantage::nn
