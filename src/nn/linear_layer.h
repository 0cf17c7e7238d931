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

  // An identity matrix of dimension x from, with a zero bias. If not `wanted`, weight and bias are undefined.
  static LinearLayer Make(bool wanted, int64_t dimension, int64_t from);

  // Zero weights, to be read from a file or drawn at random.
  static LinearLayer Zeros(int64_t dimension, int64_t from);

  explicit operator bool() const { return weight.defined(); }
  // Computes in the type of x.
  at::Tensor operator()(const at::Tensor& x) const;
  // GELU of the layer's result, with the exact error function.
  at::Tensor WithGelu(const at::Tensor& x) const;

  // Converts the weight to oneDNN's layout, if oneDNN can compute the layer on this device in this type. The
  // layer then has no gradients, and Replace passes a copy of the weight.
  void Pack();
  void Replace(const std::string& name, const TensorReplacer& replacer);
};

}  // namespace vantage::nn
