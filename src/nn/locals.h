// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "vantage/heads.h"

namespace vantage::nn {

// Largest side allowed in LocalOptions::windows.
inline constexpr int64_t kLargestWindow = 64;

// Dimension of the locals of a map that has this many channels before the projection. Throws UsageError if a
// window is out of range, or if the options' projection or dimension does not fit the channels.
int64_t LocalDimension(const LocalOptions& options, int64_t channels);

// The locals of a map, after the projection: pooled with each window and divided by max(norm, 1e-12). They
// are ordered by window, then row, column and piece of the channels. A window larger than the map is reduced
// to the map's size. x: B x C x H x W; `dimension` must divide C. Returns B x N x dimension.
at::Tensor MakeLocals(const at::Tensor& x_BCHW, const std::vector<int64_t>& windows, int64_t dimension);

// x / max(||x||, 1e-12) along a dimension.
at::Tensor NormalizeAlong(const at::Tensor& x, int64_t dim);

}  // namespace vantage::nn
