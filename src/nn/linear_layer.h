// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <ATen/core/Tensor.h>

#include <string>

#include "nn/tensor_owner.h"

namespace vantage::nn {

// C to D with bias; without weight if the network has none.
struct LinearLayer {
  at::Tensor weight;  // D x C
  at::Tensor bias;    // D

  // The identity, as far as it goes; not wanted: without weight.
  static LinearLayer Make(bool wanted, int64_t dimension, int64_t from);

  explicit operator bool() const { return weight.defined(); }
  at::Tensor operator()(const at::Tensor& x) const;
  void Replace(const std::string& name, const TensorReplacer& replacer);
};

}  // namespace vantage::nn
