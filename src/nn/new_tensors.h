// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <ATen/core/Tensor.h>

namespace vantage::nn {

// While it lives: tensors of the layers that this thread makes have shapes but no memory (LibTorch's device
// "meta"). For a network whose tensors are all replaced by another's.
class WithoutMemory {
 public:
  WithoutMemory();
  ~WithoutMemory();
  WithoutMemory(const WithoutMemory&) = delete;
  WithoutMemory& operator=(const WithoutMemory&) = delete;

 private:
  bool before_;
};

// Options of the tensors that a layer is made with: float32 on the CPU, or on no device (see WithoutMemory).
at::TensorOptions NewTensor();

// Zeros of these options, float32. The system gives pages of zeros when they are touched: weights that are
// replaced by a file's cost nothing.
at::Tensor NewZeros(at::IntArrayRef sizes);

}  // namespace vantage::nn
