// SPDX-License-Identifier: BSD-3-Clause
#include "nn/new_tensors.h"

#include <ATen/ops/from_blob.h>
#include <ATen/ops/zeros.h>

#include <cstdlib>
#include <new>
#include <utility>

#include "util/index.h"

namespace vantage::nn {
namespace {

thread_local bool without_memory = false;

}  // namespace

WithoutMemory::WithoutMemory() : before_(std::exchange(without_memory, true)) {}
WithoutMemory::~WithoutMemory() { without_memory = before_; }

at::TensorOptions NewTensor() {
  return at::TensorOptions().dtype(at::kFloat).device(without_memory ? at::kMeta : at::kCPU);
}

at::Tensor NewZeros(at::IntArrayRef sizes) {
  constexpr int64_t kWorthIt = 4096;  // elements
  const int64_t count = c10::multiply_integers(sizes);
  if (without_memory || count < kWorthIt) return at::zeros(sizes, NewTensor());
  void* memory = std::calloc(ToIndex(count), sizeof(float));
  if (memory == nullptr) throw std::bad_alloc();
  return at::from_blob(memory, sizes, std::free, NewTensor());
}

}  // namespace vantage::nn
