// SPDX-License-Identifier: BSD-3-Clause
#include "nn/linear_layer.h"

#include <ATen/ops/eye.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/zeros.h>

#include "nn/new_tensors.h"
#include "nn/precision.h"

namespace vantage::nn {

LinearLayer LinearLayer::Make(bool wanted, int64_t dimension, int64_t from) {
  if (!wanted) return {};
  return {at::eye(dimension, from, NewTensor()), at::zeros({dimension}, NewTensor())};
}

at::Tensor LinearLayer::operator()(const at::Tensor& x) const {
  return at::linear(x, CastLike(weight, x), CastLike(bias, x));
}

void LinearLayer::Replace(const std::string& name, const TensorReplacer& replacer) {
  if (!weight.defined()) return;
  replacer(name + ".weight", weight, TensorRole::kParameter);
  replacer(name + ".bias", bias, TensorRole::kParameter);
}

}  // namespace vantage::nn
