// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

#include <string>
#include <vector>

namespace vantage::nn {

// What a network's trunk computes in. What follows the trunk is float32 in any case, and so are weights and
// their gradients.
enum class Precision {
  kFp32,  // float32, all 23 bits of the mantissa
  kTf32,  // float32 in memory; tensor cores round products' factors to 10 bits. GPUs of capability 8 and
          // later
  kBf16,  // bfloat16: 7 bits, the exponent of float32
  kFp16,  // float16: 10 bits, up to 65,504. GPUs; training scales gradients (train/gradient_scale.h)
};

// "fp32", "tf32", "bf16", "fp16".
std::vector<std::string> PrecisionNames();

// Throws UsageError for another name, or if the device cannot compute so, or only far more slowly than in
// fp32.
Precision ParsePrecision(const std::string& name, const at::Device& device);

// The type of the trunk's activations.
at::ScalarType TypeOf(Precision precision);

// A weight in the type of what it is applied to; undefined stays undefined. Weights stay float32 where the
// network computes in another type, and so do their gradients.
at::Tensor CastLike(const at::Tensor& weight, const at::Tensor& x);

// Sets for the whole process whether float32 on GPUs is rounded as kTf32 says. LibTorch's default is: in
// convolutions. Two networks of different precision at work at once on GPUs would disturb one another.
void RoundToTf32(bool rounds);

// From now on GPU kernels that always give the same bits are taken where LibTorch has one, for the whole
// process; it warns once of each operation that has none. To be called before CUDA is first used.
void PreferDeterministicKernels();

}  // namespace vantage::nn
