// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <ATen/core/Tensor.h>

namespace vantage::nn {

// Assigns N patches to K clusters by entropy-regularised optimal transport (Cuturi, NeurIPS 2013): Sinkhorn's
// algorithm in the logarithmic domain, `iterations` (at least 1) updates of rows and columns. Each patch has
// mass 1; each cluster receives mass 1, and a dust bin the remaining N - K, which must be positive. Masses of
// patches are exact, those of clusters approximate. scores: B x K x N, of patches for clusters. dust_bin: the
// score of every patch for the dust bin, a scalar. Returns the masses B x K x N, without the dust bin's row.
at::Tensor TransportPlan(const at::Tensor& scores_BKN, const at::Tensor& dust_bin, int iterations);

}  // namespace vantage::nn
