// SPDX-License-Identifier: BSD-3-Clause
#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/mean.h>
#include <ATen/ops/pow.h>

#include "nn/pooling.h"

namespace vantage::nn {
namespace {

// GemPool with one exponent and without gradients. LibTorch's power with a tensor as the exponent would take
// a tenth of a small trunk's time.
at::Tensor FastGemPool(const at::Tensor& x_BCHW, double p, double eps) {
  at::Tensor powered = x_BCHW.clamp_min(eps);
  if (p == 2 || p == 3) {
    powered = at::pow(powered, p);  // multiplications
  } else {
    powered.log_().mul_(p).exp_();
  }
  return at::pow(powered.mean({2, 3}), 1 / p);
}

}  // namespace

at::Tensor GemPool(const at::Tensor& x_BCHW, const at::Tensor& p, double eps) {
  if (!at::GradMode::is_enabled() && p.numel() == 1) return FastGemPool(x_BCHW, p.item<double>(), eps);
  // Equation (2)
  const at::Tensor powered = at::pow(x_BCHW.clamp_min(eps), p.view({1, -1, 1, 1}));
  return at::pow(powered.mean({2, 3}), 1.0 / p.view({1, -1}));
}

constinit const PoolingRow kGem = {
    .name = "gem",
    .exponents = PoolingRow::Exponents::kOne,
    .pool = [](const at::Tensor& x_BCHW, const at::Tensor& p) { return GemPool(x_BCHW, p); }};

constinit const PoolingRow kGemPerChannel = {
    .name = "gemmp",
    .exponents = PoolingRow::Exponents::kOnePerChannel,
    .pool = [](const at::Tensor& x_BCHW, const at::Tensor& p) { return GemPool(x_BCHW, p); }};

}  // namespace vantage::nn
