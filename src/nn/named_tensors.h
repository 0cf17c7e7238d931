// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <utility>
#include <vector>

#include "nn/tensor_owner.h"

namespace vantage::nn {

using NamedTensors = std::vector<std::pair<std::string, at::Tensor>>;

// The owner's tensors in its order, on the CPU, contiguous and without gradients.
NamedTensors TensorsOf(const TensorOwner& owner);

}  // namespace vantage::nn
