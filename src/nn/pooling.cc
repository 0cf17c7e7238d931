// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/nn/pooling.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/amax.h>
#include <ATen/ops/full.h>
#include <ATen/ops/mean.h>
#include <ATen/ops/pow.h>

#include <map>

#include "vantage/util/error.h"

namespace vantage {
namespace {

constexpr double kNormEpsilon = 1e-6;
constexpr double kInitialExponent = 3.0;  // TPAMI 2019, section 5.1

at::Tensor PoolWithExponent(const Pooling& pooling, const at::Tensor& x_BCHW) {
  return GemPool(x_BCHW, pooling.p);
}

Pooling MakeGem(const std::string& name, int64_t /*channels*/) {
  return {name, at::full({1}, kInitialExponent), PoolWithExponent};
}

Pooling MakeGemPerChannel(const std::string& name, int64_t channels) {
  return {name, at::full({channels}, kInitialExponent), PoolWithExponent};
}

Pooling MakeMac(const std::string& name, int64_t /*channels*/) {
  return {name, {}, [](const Pooling&, const at::Tensor& x_BCHW) { return MacPool(x_BCHW); }};
}

Pooling MakeSpoc(const std::string& name, int64_t /*channels*/) {
  return {name, {}, [](const Pooling&, const at::Tensor& x_BCHW) { return SpocPool(x_BCHW); }};
}

using PoolingFactory = Pooling (*)(const std::string&, int64_t);

const std::map<std::string, PoolingFactory>& Factories() {
  static const std::map<std::string, PoolingFactory> kFactories = {
      {"gem", MakeGem}, {"gemmp", MakeGemPerChannel}, {"mac", MakeMac}, {"spoc", MakeSpoc}};
  return kFactories;
}

}  // namespace

at::Tensor L2Normalize(const at::Tensor& x_BD) {
  return x_BD / (x_BD.norm(2, {1}, /*keepdim=*/true) + kNormEpsilon);
}

at::Tensor GemPool(const at::Tensor& x_BCHW, const at::Tensor& p, double eps) {
  // Equation (2)
  const at::Tensor powered = at::pow(x_BCHW.clamp_min(eps), p.view({1, -1, 1, 1}));
  return at::pow(powered.mean({2, 3}), 1.0 / p.view({1, -1}));
}

at::Tensor MacPool(const at::Tensor& x_BCHW) { return at::amax(x_BCHW, {2, 3}); }

at::Tensor SpocPool(const at::Tensor& x_BCHW) { return x_BCHW.mean({2, 3}); }

void Pooling::Visit(const TensorVisitor& visitor) {
  if (p.defined()) visitor("pool.p", p, TensorRole::kParameter);
}

Pooling MakePooling(const std::string& name, int64_t channels) {
  const auto found = Factories().find(name);
  if (found == Factories().end()) {
    throw UsageError(StrCat("unknown pooling '", name, "'; known are ", Join(PoolingNames(), ", ")));
  }
  return found->second(name, channels);
}

std::vector<std::string> PoolingNames() {
  std::vector<std::string> names;
  for (const auto& [name, factory] : Factories()) names.push_back(name);
  return names;
}

}  // namespace vantage
