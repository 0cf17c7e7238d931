// SPDX-License-Identifier: BSD-3-Clause
#include "testing/tensors.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/tensor.h>

#include <algorithm>
#include <cctype>
#include <cmath>

#include "serialize/npy.h"
#include "testing/files.h"
#include "util/random.h"

namespace vantage::testing {
namespace {

// Tokens and positions of vision transformers, queries of BoQ.
bool IsToken(const std::string& name) {
  return name.ends_with("token") || name.ends_with("tokens") || name.ends_with("pos_embed") ||
         name.ends_with("position_embeddings") || name.ends_with("queries");
}

}  // namespace

at::Tensor ReadNpyTensor(const std::filesystem::path& path) {
  const serialize::NpyArray array = serialize::ReadNpy(path);
  if (array.dtype == "<f8") return at::tensor(array.As<double>(), at::kDouble).reshape(array.shape);
  if (array.dtype == "<f4") return at::tensor(array.As<float>(), at::kFloat).reshape(array.shape);
  return at::tensor(array.As<int64_t>(), at::kLong).reshape(array.shape);
}

double RelativeError(const at::Tensor& actual, const at::Tensor& expected) {
  EXPECT_EQ(actual.sizes(), expected.sizes());
  const at::Tensor difference = actual.to(at::kDouble) - expected.to(at::kDouble);
  return difference.abs().max().item<double>() / expected.to(at::kDouble).abs().max().item<double>();
}

std::vector<std::string> SmallArchitectures() {
  std::vector<std::string> names;
  for (const nn::TrunkRow& row : nn::Trunks())
    names.push_back(row.blocks == 0 ? row.name : nn::VariantOf(row, 2, {}).name);
  return names;
}

std::string TestName(std::string name) {
  std::replace_if(
      name.begin(), name.end(), [](char c) { return std::isalnum(c) == 0; }, '_');
  return name;
}

void FillByFormula(const std::string& name, const at::Tensor& tensor) {
  const uint64_t key = Fnv1a64(name);
  const int64_t count = tensor.numel();
  const double fan_in =
      tensor.dim() > 0 ? static_cast<double>(count) / static_cast<double>(tensor.size(0)) : 1;
  std::vector<float> values;
  for (int64_t j = 0; j < count; ++j) {
    const double u =
        static_cast<double>(MixBits(key + (static_cast<uint64_t>(j) + 1) * 0x9e3779b97f4a7c15) >> 11) *
        0x1p-53;
    double value = 0;
    if (name.ends_with("num_batches_tracked")) {
      value = 0;
    } else if (IsToken(name)) {
      value = 0.2 * u - 0.1;
    } else if (tensor.dim() == 0 || name.ends_with("gamma") || name.ends_with("lambda1")) {
      value = 0.5 + u;
    } else if (tensor.dim() > 1) {
      value = (2 * u - 1) * std::sqrt(6 / fan_in);
    } else if (name.ends_with("weight") || name.ends_with("running_var")) {
      value = 0.5 + u;
    } else {
      value = 0.2 * u - 0.1;
    }
    values.push_back(static_cast<float>(value));
  }
  const at::NoGradGuard no_grad;
  tensor.copy_(at::tensor(values).reshape(tensor.sizes()));
}

at::Tensor NumericalGradient(const std::function<at::Tensor(const at::Tensor&)>& f, const at::Tensor& x,
                             double step) {
  const at::NoGradGuard no_grad;
  at::Tensor gradient = at::empty_like(x);
  at::Tensor moved = x.clone();
  double* values = moved.mutable_data_ptr<double>();
  for (int64_t i = 0; i < x.numel(); ++i) {
    const double old = values[i];
    values[i] = old + step;
    const double above = f(moved).item<double>();
    values[i] = old - step;
    const double below = f(moved).item<double>();
    values[i] = old;
    gradient.mutable_data_ptr<double>()[i] = (above - below) / (2 * step);
  }
  return gradient;
}

at::Tensor AutogradGradient(const std::function<at::Tensor(const at::Tensor&)>& f, const at::Tensor& x) {
  const at::Tensor leaf = x.detach().clone().set_requires_grad(true);
  f(leaf).backward();
  return leaf.grad();
}

}  // namespace vantage::testing
