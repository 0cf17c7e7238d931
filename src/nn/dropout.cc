// SPDX-License-Identifier: BSD-3-Clause
#include "nn/dropout.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>

#include "util/index.h"

namespace vantage::nn {

at::Tensor Dropout(const at::Tensor& x, std::string_view layer, const PassContext& pass) {
  if (!pass.is_training || pass.dropout == 0) return x;
  const at::Tensor factors = at::empty(x.sizes(), at::kFloat);  // on the CPU, whatever the device
  const int64_t values = x.size(0) == 0 ? 0 : x.numel() / x.size(0);
  const auto kept = static_cast<float>(1 / (1 - pass.dropout));
  float* factor = factors.mutable_data_ptr<float>();
  for (int64_t image = 0; image < x.size(0); ++image) {
    RandomStream random = pass.Random(layer, ToIndex(image));
    for (int64_t i = 0; i < values; ++i) *factor++ = random.Chance(pass.dropout) ? 0 : kept;
  }
  return x * factors.to(x.options());
}

}  // namespace vantage::nn
