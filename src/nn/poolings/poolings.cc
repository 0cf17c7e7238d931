// SPDX-License-Identifier: BSD-3-Clause
#include <ATen/TensorOperators.h>
#include <ATen/ops/full.h>

#include <array>

#include "nn/new_tensors.h"
#include "nn/pooling.h"
#include "util/string.h"
#include "vantage/error.h"

namespace vantage::nn {
namespace {

constexpr double kDescriptorNormEpsilon = 1e-6;
constexpr double kInitialExponent = 3.0;  // TPAMI 2019, section 5.1

}  // namespace

at::Tensor L2Normalize(const at::Tensor& x_BD) {
  return x_BD / (x_BD.norm(2, {1}, /*keepdim=*/true) + kDescriptorNormEpsilon);
}

std::span<const PoolingRow* const> Poolings() {
  static constexpr std::array kPoolings = {&kGem, &kGemPerChannel, &kMac, &kRmac, &kSpoc};
  return kPoolings;
}

std::vector<std::string> PoolingNames() {
  std::vector<std::string> names;
  for (const PoolingRow* row : Poolings()) names.emplace_back(row->name);
  return names;
}

void Pooling::Replace(const std::string& pool_name, const TensorReplacer& replacer) {
  if (p.defined()) replacer(pool_name + ".p", p, TensorRole::kExponent);
}

Pooling MakePooling(const std::string& name, int64_t channels) {
  for (const PoolingRow* row : Poolings()) {
    if (name != row->name) continue;
    if (row->exponents == PoolingRow::Exponents::kNone) return {row, {}};
    const int64_t count = row->exponents == PoolingRow::Exponents::kOne ? 1 : channels;
    return {row, at::full({count}, kInitialExponent, NewTensor())};
  }
  throw UsageError(StrCat("unknown pooling '", name, "'; known are ", Join(PoolingNames(), ", ")));
}

}  // namespace vantage::nn
