// SPDX-License-Identifier: BSD-3-Clause
#include "nn/locals.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/max_pool2d.h>

#include <algorithm>

#include "nn/max_pool.h"
#include "util/check.h"

namespace vantage::nn {
namespace {

constexpr double kLocalNormEpsilon = 1e-12;

at::Tensor PoolWith(const at::Tensor& x_BCHW, int64_t side) {
  const int64_t height = std::min(side, x_BCHW.size(2));
  const int64_t width = std::min(side, x_BCHW.size(3));
  if (height == width && !at::GradMode::is_enabled()) return FastMaxPool(x_BCHW, {height, 1, 0, false});
  return at::max_pool2d(x_BCHW, {height, width}, /*stride=*/{1, 1});
}

at::Tensor Split(const at::Tensor& x_BCHW, int64_t dimension) {
  return x_BCHW.permute({0, 2, 3, 1}).reshape({x_BCHW.size(0), -1, dimension});
}

}  // namespace

int64_t LocalDimension(const LocalOptions& options, int64_t channels) {
  const int64_t cut = options.projection > 0 ? options.projection : channels;
  if (options.projection < 0 || options.projection > channels) {
    throw UsageError(
        StrCat("projection ", options.projection, " is not in [0, ", channels, "], the trunk's channels"));
  }
  for (const int64_t side : options.windows) {
    if (side < 1 || side > kLargestWindow)
      throw UsageError(StrCat("windows: a side of ", side, ", not in [1, ", kLargestWindow, "]"));
  }
  const int64_t dimension = options.dimension > 0 ? options.dimension : cut;
  if (options.dimension < 0 || cut % dimension != 0) {
    throw UsageError(StrCat("local_dimension ", options.dimension, " does not divide ", cut, " channels"));
  }
  return dimension;
}

at::Tensor NormalizeAlong(const at::Tensor& x, int64_t dim) {
  return x / x.norm(2, {dim}, /*keepdim=*/true).clamp_min(kLocalNormEpsilon);
}

at::Tensor MakeLocals(const at::Tensor& x_BCHW, const std::vector<int64_t>& windows, int64_t dimension) {
  VANTAGE_CHECK(dimension > 0 && x_BCHW.size(1) % dimension == 0, "locals of ", dimension, " of ",
                x_BCHW.size(1), " channels");
  std::vector<at::Tensor> parts_BND;
  for (const int64_t side : windows) parts_BND.push_back(Split(PoolWith(x_BCHW, side), dimension));
  if (windows.empty()) parts_BND.push_back(Split(x_BCHW, dimension));
  return NormalizeAlong(parts_BND.size() == 1 ? parts_BND[0] : at::cat(parts_BND, 1), 2);
}

}  // namespace vantage::nn
