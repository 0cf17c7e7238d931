// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <string>

#include "nn/trunk.h"

namespace vantage {

// A trunk as frameworks run it by default: NCHW, each operator by itself, batch norm after the convolution.
// ResNets with bottlenecks are implemented here; trunks without batch norm use their own layers unchanged.
class PlainTrunk {
 public:
  explicit PlainTrunk(const nn::Trunk& trunk);

  at::Tensor Forward(const at::Tensor& x_BCHW) const;

 private:
  at::Tensor Unit(const at::Tensor& x, const std::string& convolution, const std::string& norm,
                  int64_t stride, int64_t padding) const;
  at::Tensor ResNet(const at::Tensor& x_BCHW) const;

  const nn::Trunk& trunk_;
  std::map<std::string, at::Tensor> tensors_;
};

}  // namespace vantage
