// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>

namespace vantage::nn {

// Random initial values of a tensor, with the shape, type and device of `like`. They depend only on the seed,
// the name and the shape.

// Uniform in [-1 / sqrt(f), 1 / sqrt(f)], where f = elements / first dimension (the fan-in): the weights that
// PyTorch's linear and convolutional layers start with.
at::Tensor UniformWeights(const std::string& name, const at::Tensor& like, uint64_t seed);

// Standard normal.
at::Tensor NormalWeights(const std::string& name, const at::Tensor& like, uint64_t seed);

}  // namespace vantage::nn
