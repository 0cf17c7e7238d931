// SPDX-License-Identifier: BSD-3-Clause
#include "nn/locals.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/max_pool2d.h>

#include <algorithm>

#include "nn/max_pool.h"
#include "util/check.h"

namespace vantage {
namespace {

constexpr double kLocalNormEpsilon = 1e-12;
constexpr int kMostChannels = 65536;
constexpr int64_t kLargestWindow = 64;

at::Tensor PoolWith(const at::Tensor& x_BCHW, int64_t side) {
  const int64_t height = std::min(side, x_BCHW.size(2));
  const int64_t width = std::min(side, x_BCHW.size(3));
  if (height == width && !at::GradMode::is_enabled()) return nn::FastMaxPool(x_BCHW, {height, 1, 0, false});
  return at::max_pool2d(x_BCHW, {height, width}, /*stride=*/{1, 1});
}

at::Tensor Split(const at::Tensor& x_BCHW, int64_t dimension) {
  return x_BCHW.permute({0, 2, 3, 1}).reshape({x_BCHW.size(0), -1, dimension});
}

}  // namespace

void Declare(OptionsDescription& description, LocalOptions& options) {
  description
      .Add("projection", options.projection,
           "Channels of a 1x1 convolution before everything else, which begins as a PCA; 0: none")
      .Range(0, kMostChannels);
  description
      .Add("windows", options.windows,
           "Sides of the windows that the map is max-pooled with at stride 1; empty: the map itself")
      .Range(1, static_cast<double>(kLargestWindow));
  description
      .Add("dimension", options.dimension,
           "Of a local: the channels of a location are cut into pieces of so many; 0: one piece")
      .Range(0, kMostChannels);
  description.Add("last_relu", options.last_relu, "VGG: take the map after the last ReLU, not before it");
}

int64_t nn::LocalDimension(const LocalOptions& options, int64_t channels) {
  const int64_t cut = options.projection > 0 ? options.projection : channels;
  if (options.projection < 0 || options.projection > channels) {
    throw UsageError(StrCat("locals.projection ", options.projection, " of ", channels, " channels"));
  }
  for (const int64_t side : options.windows) {
    if (side < 1 || side > kLargestWindow) throw UsageError(StrCat("a window of ", side, " for locals"));
  }
  const int64_t dimension = options.dimension > 0 ? options.dimension : cut;
  if (options.dimension < 0 || cut % dimension != 0) {
    throw UsageError(StrCat("locals.dimension ", options.dimension, " does not divide ", cut, " channels"));
  }
  return dimension;
}

at::Tensor nn::NormalizeAlong(const at::Tensor& x, int64_t dim) {
  return x / x.norm(2, {dim}, /*keepdim=*/true).clamp_min(kLocalNormEpsilon);
}

at::Tensor nn::MakeLocals(const at::Tensor& x_BCHW, const std::vector<int64_t>& windows, int64_t dimension) {
  VANTAGE_CHECK(dimension > 0 && x_BCHW.size(1) % dimension == 0, "locals of ", dimension, " of ",
                x_BCHW.size(1), " channels");
  std::vector<at::Tensor> parts_BND;
  for (const int64_t side : windows) parts_BND.push_back(Split(PoolWith(x_BCHW, side), dimension));
  if (windows.empty()) parts_BND.push_back(Split(x_BCHW, dimension));
  return nn::NormalizeAlong(parts_BND.size() == 1 ? parts_BND[0] : at::cat(parts_BND, 1), 2);
}

}  // namespace vantage
