// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <ATen/core/Tensor.h>

namespace vantage::nn {

// An assignment of N patches to K clusters by optimal transport with entropy (Cuturi, NeurIPS 2013), computed
// by as many of Sinkhorn's iterations in logarithms. Each patch gives 1; each cluster takes 1, and a dust
// bin, for which all patches have the score `dust_bin`, the remaining N - K. N must be above K. scores: B x K
// x N. Returns B x K x N, without the dust bin; patches give exactly 1 together with what the dust bin takes.
at::Tensor TransportPlan(const at::Tensor& scores_BKN, const at::Tensor& dust_bin, int iterations);

}  // namespace vantage::nn
