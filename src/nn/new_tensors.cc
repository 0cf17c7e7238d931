// SPDX-License-Identifier: BSD-3-Clause
#include "nn/new_tensors.h"

#include <utility>

namespace vantage::nn {
namespace {

thread_local bool without_memory = false;

}  // namespace

WithoutMemory::WithoutMemory() : before_(std::exchange(without_memory, true)) {}
WithoutMemory::~WithoutMemory() { without_memory = before_; }

at::TensorOptions NewTensor() {
  return at::TensorOptions().dtype(at::kFloat).device(without_memory ? at::kMeta : at::kCPU);
}

}  // namespace vantage::nn
