// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <ATen/core/Tensor.h>

namespace vantage::nn {

// During its lifetime, layers that this thread constructs get tensors with shapes but no memory (LibTorch's
// device "meta"). Used for a network whose tensors are all replaced afterwards.
class WithoutMemory {
 public:
  WithoutMemory();
  ~WithoutMemory();
  WithoutMemory(const WithoutMemory&) = delete;
  WithoutMemory& operator=(const WithoutMemory&) = delete;

 private:
  bool before_;
};

// Options for tensors of a new layer: float32 on the CPU, or on the device "meta" (see WithoutMemory).
at::TensorOptions NewTensor();

// A tensor of zeros with these options. The system provides zero pages when they are first touched, so that
// weights cost nothing if they are replaced by a file's.
at::Tensor NewZeros(at::IntArrayRef sizes);

}  // namespace vantage::nn
