// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <string>

namespace vantage::nn {

enum class TensorRole {
  kParameter,  // trained
  kBuffer,     // no gradient: batch norms' running statistics
};

// Called with the name, the tensor and what it is.
using TensorVisitor = std::function<void(const std::string& name, const at::Tensor& tensor, TensorRole role)>;
// The same with the tensor itself, which may be replaced by another.
using TensorReplacer = std::function<void(const std::string& name, at::Tensor& tensor, TensorRole role)>;

// What holds named tensors.
class TensorOwner {
 public:
  virtual ~TensorOwner() = default;
  TensorOwner() = default;
  TensorOwner(const TensorOwner&) = default;
  TensorOwner(TensorOwner&&) = default;
  TensorOwner& operator=(const TensorOwner&) = default;
  TensorOwner& operator=(TensorOwner&&) = default;

  // All tensors, in the order in which PyTorch's modules list them.
  void Visit(const TensorVisitor& visitor) const {
    // Derived classes list their tensors once, in Replace; nothing is replaced here.
    const_cast<TensorOwner*>(this)->Replace(
        [&](const std::string& name, at::Tensor& tensor, TensorRole role) { visitor(name, tensor, role); });
  }
  virtual void Replace(const TensorReplacer& replacer) = 0;
};

}  // namespace vantage::nn
