// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

#include <string>
#include <vector>

namespace vantage::nn {

// Number format in which a network's trunk computes. Everything after the trunk is float32 for each of them,
// and so are weights and their gradients.
enum class Precision {
  kFp32,  // float32, all 23 bits of the mantissa
  kTf32,  // float32 in memory; tensor cores round factors to 10 bits of mantissa. GPUs of capability >= 8
  kBf16,  // bfloat16: 7 bits of mantissa, the exponent range of float32
  kFp16,  // float16: 10 bits, up to 65,504. GPUs only; training scales gradients (gradient_scale.h)
};

// "fp32", "tf32", "bf16", "fp16".
std::vector<std::string> PrecisionNames();

// Throws UsageError for another name, and if the device does not support the precision or is far slower with
// it than with fp32.
Precision ParsePrecision(const std::string& name, const at::Device& device);

// The type of the trunk's activations.
at::ScalarType TypeOf(Precision precision);

// Converts a weight to the type of the tensor that it is applied to; undefined stays undefined. Weights are
// kept in float32 if the network computes in another type, and so are their gradients.
at::Tensor CastLike(const at::Tensor& weight, const at::Tensor& x);

// Sets for the whole process whether GPUs round float32 as described for kTf32. LibTorch's default is to
// round in convolutions only. Two networks of different precision that run on GPUs at the same time would
// interfere.
void RoundToTf32(bool rounds);

// Makes the whole process use deterministic GPU kernels for every operation that has one in LibTorch;
// LibTorch warns once about each operation that has none. Must be called before CUDA is first used.
void PreferDeterministicKernels();

}  // namespace vantage::nn
