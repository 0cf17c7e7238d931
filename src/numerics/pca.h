// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>

#include "descriptors/descriptor_rows.h"
#include "vantage/descriptors.h"
#include "vantage/run_context.h"
#include "vantage/whitening.h"

namespace vantage::numerics {

struct PcaOptions {
  // Number of leading principal components to keep; 0: all in which the descriptors vary.
  int64_t dimension = 0;
  // Whether to divide components by their standard deviations, as LearnPcaWhitening does.
  bool whiten = true;
  // With n = min(number of descriptors, their dimension), components are exact if n is at most this, and
  // found by iteration if n is larger. Also exact if `dimension` is 0, or if the subspace of the iteration
  // would have more than n / 2 dimensions. At least 1. Exact components need about 3 n^2 doubles and a time
  // in O(n^3).
  int64_t exact_up_to = 4096;
  // Passes of the iteration over the descriptors. Each turns the subspace towards the components. In [1,
  // 100]. The last components need the most passes if the variances decrease slowly.
  int passes = 3;
  // Seed of the random subspace that the iteration starts from.
  uint64_t seed = 0;
};

// Principal components of N x D descriptors, as a transform whose projection has one row per component. Works
// for any number of descriptors: reads them in blocks of 64 MiB, a few times. With K components, needs K x D
// doubles in addition to `rows`. Exact components also need a few times the smaller of N x N and D x D
// doubles; the iteration needs about 2.5 R x D and a few R x R doubles, with R = K + max(64, K / 8).
//
// The iteration is that of Halko, Martinsson and Tropp ("Finding structure with randomness", SIAM Review
// 2011, algorithms 4.4 and 5.3). It multiplies a random subspace of dimension R by the covariance and makes
// it orthonormal, `passes` times, then computes the principal components in the subspace. With OpenBLAS
// or MKL, the same descriptors and options give the same bits whatever the number of threads. Each product
// uses one thread while the iteration runs (SingleThreadedBlas).
//
// The sign of a component is such that its element of largest magnitude is positive.
//
// Throws Error if there are no descriptors, or if they vary in fewer directions than options.dimension.
Whitening LearnPca(const descriptors::DescriptorRows& rows, const PcaOptions& options = {},
                   const RunContext& context = {});
Whitening LearnPca(const Eigen::Ref<const DescriptorMatrix>& descriptors, const PcaOptions& options = {},
                   const RunContext& context = {});

}  // namespace vantage::numerics
