// SPDX-License-Identifier: BSD-3-Clause
#include "nn/named_tensors.h"

namespace vantage::nn {

NamedTensors TensorsOf(const TensorOwner& owner) {
  NamedTensors tensors;
  owner.Visit([&](const std::string& name, const at::Tensor& tensor, TensorRole) {
    tensors.emplace_back(name, tensor.detach().cpu().contiguous());
  });
  return tensors;
}

}  // namespace vantage::nn
