// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <ATen/core/Tensor.h>

#include <string>

#include "nn/tensor_owner.h"

namespace vantage::nn {

// A linear layer from C to D dimensions with bias; weight is undefined if the network has none.
struct LinearLayer {
  at::Tensor weight;  // D x C
  at::Tensor bias;    // D

  // Makes an identity matrix of dimension x from, with a zero bias. If not `wanted`, weight and bias are
  // undefined.
  static LinearLayer Make(bool wanted, int64_t dimension, int64_t from);

  // Zero weights, to be read or drawn.
  static LinearLayer Zeros(int64_t dimension, int64_t from);

  explicit operator bool() const { return weight.defined(); }
  // Computes in the type of x.
  at::Tensor operator()(const at::Tensor& x) const;
  // The same and GELU, with the exact error function.
  at::Tensor WithGelu(const at::Tensor& x) const;

  // Lays out the weight as oneDNN wants it, if it can compute the layer. There are no gradients from here,
  // and Replace shows a copy of the weight.
  void Pack();
  void Replace(const std::string& name, const TensorReplacer& replacer);
};

}  // namespace vantage::nn
