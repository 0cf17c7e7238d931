// SPDX-License-Identifier: BSD-3-Clause
#include <ATen/TensorOperators.h>

#include <cmath>

#include "nn/pooling.h"

namespace vantage::nn {
namespace {

constexpr double kRegionOverlap = 0.4;    // of neighbours
constexpr int64_t kMostExtraRegions = 6;  // along the longer side

}  // namespace

std::vector<Region> RmacRegions(int64_t height, int64_t width, int levels) {
  const int64_t shorter = std::min(height, width);
  // The number of extra regions along the longer side that brings the overlap closest to 40 %. Computed in
  // float32, as in cirtorch.
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
    // A region's corner is its centre, rounded down, minus half its size, rounded down.
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

constinit const PoolingRow kRmac = {
    .name = "rmac", .pool = [](const at::Tensor& x_BCHW, const at::Tensor&) { return RmacPool(x_BCHW); }};

}  // namespace vantage::nn
