// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <string>
#include <vector>

#include "vantage/nn/layer.h"

namespace vantage {

// x / (||x|| + 1e-6) for each row. Differs from the usual normalisation: cirtorch adds the epsilon to the
// norm. x: B x D.
at::Tensor L2Normalize(const at::Tensor& x_BD);

// Generalised-mean pooling, TPAMI 2019, eq. (2): f_k = (mean_x max(x, eps)^p_k)^(1 / p_k).
// x: B x C x H x W, H and W at least 1; p: 1 or C elements, positive. Returns B x C.
inline constexpr double kGemEpsilon = 1e-6;
at::Tensor GemPool(const at::Tensor& x_BCHW, const at::Tensor& p, double eps = kGemEpsilon);

// The maximum over all locations (MAC). B x C x H x W to B x C.
at::Tensor MacPool(const at::Tensor& x_BCHW);

// The mean over all locations (SPoC). B x C x H x W to B x C.
at::Tensor SpocPool(const at::Tensor& x_BCHW);

// A pooling and its parameters.
struct Pooling {
  std::string name;
  at::Tensor p;  // the exponent; undefined where the pooling has none
  std::function<at::Tensor(const Pooling&, const at::Tensor&)> pool;

  at::Tensor operator()(const at::Tensor& x_BCHW) const { return pool(*this, x_BCHW); }
  // Visits "pool.p" where there is one.
  void Visit(const TensorVisitor& visitor);
};

// "gem" (one shared p, 3 at first), "gemmp" (one p a channel), "mac", "spoc". Throws UsageError that lists
// them.
Pooling MakePooling(const std::string& name, int64_t channels);
std::vector<std::string> PoolingNames();

}  // namespace vantage
