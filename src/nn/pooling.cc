// SPDX-License-Identifier: BSD-3-Clause
#include "nn/pooling.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/amax.h>
#include <ATen/ops/full.h>
#include <ATen/ops/mean.h>
#include <ATen/ops/pow.h>

#include <cmath>
#include <map>

#include "nn/new_tensors.h"
#include "util/string.h"
#include "vantage/error.h"

namespace vantage::nn {
namespace {

constexpr double kDescriptorNormEpsilon = 1e-6;
constexpr double kRegionOverlap = 0.4;    // of neighbours
constexpr int64_t kMostExtraRegions = 6;  // along the longer side
constexpr double kInitialExponent = 3.0;  // TPAMI 2019, section 5.1

at::Tensor PoolWithExponent(const Pooling& pooling, const at::Tensor& x_BCHW) {
  return GemPool(x_BCHW, pooling.p);
}

Pooling MakeGem(const std::string& name, int64_t /*channels*/) {
  return {name, at::full({1}, kInitialExponent, NewTensor()), PoolWithExponent};
}

Pooling MakeGemPerChannel(const std::string& name, int64_t channels) {
  return {name, at::full({channels}, kInitialExponent, NewTensor()), PoolWithExponent};
}

Pooling MakeMac(const std::string& name, int64_t /*channels*/) {
  return {name, {}, [](const Pooling&, const at::Tensor& x_BCHW) { return MacPool(x_BCHW); }};
}

Pooling MakeRmac(const std::string& name, int64_t /*channels*/) {
  return {name, {}, [](const Pooling&, const at::Tensor& x_BCHW) { return RmacPool(x_BCHW); }};
}

Pooling MakeSpoc(const std::string& name, int64_t /*channels*/) {
  return {name, {}, [](const Pooling&, const at::Tensor& x_BCHW) { return SpocPool(x_BCHW); }};
}

using PoolingFactory = Pooling (*)(const std::string&, int64_t);

const std::map<std::string, PoolingFactory>& PoolingFactories() {
  static const std::map<std::string, PoolingFactory> kFactories = {{"gem", MakeGem},
                                                                   {"gemmp", MakeGemPerChannel},
                                                                   {"mac", MakeMac},
                                                                   {"rmac", MakeRmac},
                                                                   {"spoc", MakeSpoc}};
  return kFactories;
}

}  // namespace

at::Tensor L2Normalize(const at::Tensor& x_BD) {
  return x_BD / (x_BD.norm(2, {1}, /*keepdim=*/true) + kDescriptorNormEpsilon);
}

namespace {

// Without gradients and with one exponent: LibTorch's power by a tensor costs a tenth of a small trunk's
// time.
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

at::Tensor MacPool(const at::Tensor& x_BCHW) { return at::amax(x_BCHW, {2, 3}); }

at::Tensor SpocPool(const at::Tensor& x_BCHW) { return x_BCHW.mean({2, 3}); }

std::vector<Region> RmacRegions(int64_t height, int64_t width, int levels) {
  const int64_t shorter = std::min(height, width);
  // How many regions more the longer side takes for the overlap to come nearest to 40 %. Steps in float32, as
  // cirtorch.
  const auto w = static_cast<float>(shorter);
  int64_t extra = 1;
  float best = INFINITY;
  for (int64_t steps = 1; steps <= kMostExtraRegions; ++steps) {
    const float step = static_cast<float>(std::max(height, width) - shorter) / static_cast<float>(steps);
    const float miss = std::abs((w * w - w * step) / (w * w) - static_cast<float>(kRegionOverlap));
    if (miss < best) {
      best = miss;
      extra = steps;
    }
  }
  const int64_t extra_rows = height > width ? extra : 0;
  const int64_t extra_columns = width > height ? extra : 0;
  std::vector<Region> regions;
  for (int64_t level = 1; level <= levels; ++level) {
    const int64_t size = 2 * shorter / (level + 1);
    if (size == 0) continue;
    // Centres are rounded down, which half a region less, rounded too, makes corners.
    const int64_t half_size = size / 2 - 1;
    const auto half = static_cast<float>(half_size);
    const auto starts = [&](int64_t length, int64_t more) {
      const int64_t count = level + more;
      const float step = count == 1 ? 0 : static_cast<float>(length - size) / static_cast<float>(count - 1);
      std::vector<int64_t> corners;
      for (int64_t i = 0; i < count; ++i) {
        corners.push_back(static_cast<int64_t>(std::floor(half + static_cast<float>(i) * step) - half));
      }
      return corners;
    };
    for (const int64_t top : starts(height, extra_rows)) {
      for (const int64_t left : starts(width, extra_columns)) regions.push_back({top, left, size});
    }
  }
  return regions;
}

at::Tensor SumOverRegions(const at::Tensor& x_BCHW,
                          const std::function<at::Tensor(const at::Tensor&)>& describe) {
  at::Tensor sum = describe(x_BCHW);
  for (const Region& region : RmacRegions(x_BCHW.size(2), x_BCHW.size(3))) {
    sum = sum + describe(x_BCHW.narrow(2, region.top, region.size).narrow(3, region.left, region.size));
  }
  return sum;
}

at::Tensor RmacPool(const at::Tensor& x_BCHW) {
  return SumOverRegions(x_BCHW, [](const at::Tensor& part) { return L2Normalize(MacPool(part)); });
}

void Pooling::Replace(const std::string& pool_name, const TensorReplacer& replacer) {
  if (p.defined()) replacer(pool_name + ".p", p, TensorRole::kParameter);
}

Pooling MakePooling(const std::string& name, int64_t channels) {
  const auto found = PoolingFactories().find(name);
  if (found == PoolingFactories().end()) {
    throw UsageError(StrCat("unknown pooling '", name, "'; known are ", Join(PoolingNames(), ", ")));
  }
  return found->second(name, channels);
}

std::vector<std::string> PoolingNames() {
  std::vector<std::string> names;
  for (const auto& [name, factory] : PoolingFactories()) names.push_back(name);
  return names;
}

}  // namespace vantage::nn
