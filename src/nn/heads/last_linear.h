// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <utility>
#include <vector>

#include "nn/linear_layer.h"
#include "nn/locals.h"

namespace vantage::nn {

// The learned linear layer with bias, followed by l2n, that can end a head: the option output_dimension.
class LastLinear {
 public:
  // name: prefix of its tensors. output_dimension: its rows; 0: there is no layer. from: dimension before it.
  LastLinear(std::string name, int output_dimension, int64_t from)
      : name_(std::move(name)),
        from_(from),
        layer_(LinearLayer::Make(output_dimension > 0, output_dimension, from)) {}

  int64_t dimension() const { return layer_ ? layer_.weight.size(0) : from_; }
  // Returns rows of unit length; x, whose rows have unit length, if there is no layer.
  at::Tensor operator()(const at::Tensor& x_BD) const {
    return layer_ ? NormalizeAlong(layer_(x_BD), 1) : x_BD;
  }
  void Replace(const TensorReplacer& replacer) { layer_.Replace(name_, replacer); }

  // HeadFunctions::add_linear for heads with the option output_dimension: sets it to `rows`. Returns false if
  // there is a layer already.
  static bool Add(int& output_dimension, int rows) {
    if (output_dimension > 0) return false;
    output_dimension = rows;
    return true;
  }
  // HeadFunctions::unrevealed for heads whose tensors reveal all other options.
  static std::vector<std::string> Unrevealed(int output_dimension) {
    if (output_dimension > 0) return {};
    return {"output_dimension"};
  }

 private:
  std::string name_;
  int64_t from_;
  LinearLayer layer_;
};

}  // namespace vantage::nn
