// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "vantage/config/options_description.h"

namespace vantage {

// How a feature map becomes local features: MVA 2022 (Vaccaro, Bertini, Uricchio, Del Bimbo, "Effective
// triplet mining improves training of multi-scale pooled CNN for image retrieval"), section 3.
struct LocalOptions {
  // Channels of a learned 1x1 convolution before everything else, which begins as a PCA; 0: none.
  int projection = 0;
  // Sides of the windows that the map is max-pooled with, stride 1; the locals of all pooled maps are taken
  // together. Empty: the map itself. Each in [1, 64]; {2, 3} in the paper.
  std::vector<int64_t> windows;
  // Of a local: each location's channels are cut into pieces of so many. 0: one piece. 512 in the paper.
  int dimension = 0;
  // VGG only: whether the map is taken after the last ReLU, as in the paper, or before it, as in NetVLAD's
  // own networks (Arandjelovic et al., CVPR 2016).
  bool last_relu = true;

  bool operator==(const LocalOptions&) const = default;
};
void Declare(OptionsDescription& description, LocalOptions& options);

// Dimension of the locals of a map of so many channels, before the projection. Throws UsageError where the
// channels cannot be cut so.
int64_t LocalDimension(const LocalOptions& options, int64_t channels);

// The locals of a map, after the projection: pooled with each window, in the order of the windows, then of
// rows, columns and pieces of channels, and divided by max(norm, 1e-12). A map smaller than a window is
// pooled as far as it goes. x: B x C x H x W, `dimension` a divisor of C. Returns B x N x dimension.
at::Tensor MakeLocals(const at::Tensor& x_BCHW, const std::vector<int64_t>& windows, int64_t dimension);

// x / max(||x||, 1e-12) along a dimension.
at::Tensor NormalizeAlong(const at::Tensor& x, int64_t dim);

}  // namespace vantage
