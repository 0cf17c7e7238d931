// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <string>

namespace vantage::nn {

enum class TensorRole {
  kParameter,  // trained
  kExponent,   // trained: the exponents of a generalised mean
  kBuffer,     // not trained: running statistics of batch norms
};

// Called with a tensor's name, the tensor and its role.
using TensorVisitor = std::function<void(const std::string& name, const at::Tensor& tensor, TensorRole role)>;
// The same with a mutable tensor, which the function may replace.
using TensorReplacer = std::function<void(const std::string& name, at::Tensor& tensor, TensorRole role)>;

// An object that holds named tensors.
class TensorOwner {
 public:
  virtual ~TensorOwner() = default;
  TensorOwner() = default;
  TensorOwner(const TensorOwner&) = default;
  TensorOwner(TensorOwner&&) = default;
  TensorOwner& operator=(const TensorOwner&) = default;
  TensorOwner& operator=(TensorOwner&&) = default;

  // Visits all tensors, in the order in which PyTorch's modules list them.
  void Visit(const TensorVisitor& visitor) const {
    // Derived classes list their tensors once, in Replace; nothing is replaced here.
    const_cast<TensorOwner*>(this)->Replace(
        [&](const std::string& name, at::Tensor& tensor, TensorRole role) { visitor(name, tensor, role); });
  }
  virtual void Replace(const TensorReplacer& replacer) = 0;
};

}  // namespace vantage::nn
