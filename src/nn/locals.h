// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "vantage/model.h"

namespace vantage::nn {

// Largest side of LocalOptions::windows.
inline constexpr int64_t kLargestWindow = 64;

// Dimension of the locals of a map of so many channels, before the projection. Throws UsageError where the
// channels cannot be cut so.
int64_t LocalDimension(const LocalOptions& options, int64_t channels);

// The locals of a map, after the projection: pooled with each window, in the order of the windows, then of
// rows, columns and pieces of channels, and divided by max(norm, 1e-12). A map smaller than a window is
// pooled as far as it goes. x: B x C x H x W, `dimension` a divisor of C. Returns B x N x dimension.
at::Tensor MakeLocals(const at::Tensor& x_BCHW, const std::vector<int64_t>& windows, int64_t dimension);

// x / max(||x||, 1e-12) along a dimension.
at::Tensor NormalizeAlong(const at::Tensor& x, int64_t dim);

}  // namespace vantage::nn
