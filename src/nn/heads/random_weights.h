// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>

namespace vantage::nn {

// A weight's first values, as PyTorch's linear and convolutional layers begin: uniform within 1 / sqrt(f) of
// 0, f = elements / first dimension. They depend on the seed and the name. Same shape and type as `like`.
at::Tensor UniformWeights(const std::string& name, const at::Tensor& like, uint64_t seed);

// Standard normal values.
at::Tensor NormalWeights(const std::string& name, const at::Tensor& like, uint64_t seed);

}  // namespace vantage::nn
