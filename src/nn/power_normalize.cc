// SPDX-License-Identifier: BSD-3-Clause
#include "nn/power_normalize.h"

#include <ATen/TensorOperators.h>

namespace vantage::nn {
namespace {

constexpr double kSquaredEpsilon = 1e-20;

}  // namespace

at::Tensor PowerNormalize(const at::Tensor& x, double exponent) {
  return x * (x * x + kSquaredEpsilon).pow((exponent - 1) / 2);
}

}  // namespace vantage::nn
