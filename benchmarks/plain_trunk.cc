// SPDX-License-Identifier: BSD-3-Clause
#include "plain_trunk.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/batch_norm.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/max_pool2d.h>

namespace vantage {

PlainTrunk::PlainTrunk(const nn::Trunk& trunk) : trunk_(trunk) {
  trunk.Visit(
      [this](const std::string& name, const at::Tensor& tensor, nn::TensorRole) { tensors_[name] = tensor; });
}

at::Tensor PlainTrunk::Forward(const at::Tensor& x_BCHW) const {
  return tensors_.count("layer1.0.conv3.weight") == 1 ? ResNet(x_BCHW) : trunk_.Forward(x_BCHW).map_BCHW;
}

at::Tensor PlainTrunk::Unit(const at::Tensor& x, const std::string& convolution, const std::string& norm,
                            int64_t stride, int64_t padding) const {
  const at::Tensor y = at::conv2d(x, tensors_.at(convolution + ".weight"), {}, stride, padding);
  return at::batch_norm(y, tensors_.at(norm + ".weight"), tensors_.at(norm + ".bias"),
                        tensors_.at(norm + ".running_mean"), tensors_.at(norm + ".running_var"),
                        /*training=*/false, /*momentum=*/0.1, /*eps=*/1e-5, /*cudnn_enabled=*/false);
}

at::Tensor PlainTrunk::ResNet(const at::Tensor& x_BCHW) const {
  at::Tensor x = at::max_pool2d(Unit(x_BCHW, "conv1", "bn1", 2, 3).relu_(), 3, 2, 1);
  for (int stage = 1; stage <= 4; ++stage) {
    for (int block = 0;; ++block) {
      const std::string name = "layer" + std::to_string(stage) + "." + std::to_string(block) + ".";
      if (tensors_.count(name + "conv1.weight") == 0) break;
      const int64_t stride = stage > 1 && block == 0 ? 2 : 1;
      at::Tensor y = Unit(x, name + "conv1", name + "bn1", 1, 0).relu_();
      y = Unit(y, name + "conv2", name + "bn2", stride, 1).relu_();
      y = Unit(y, name + "conv3", name + "bn3", 1, 0);
      if (block == 0) x = Unit(x, name + "downsample.0", name + "downsample.1", stride, 0);
      x = (y += x).relu_();
    }
  }
  return x;
}

}  // namespace vantage
