// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>

#include "descriptors/descriptor_rows.h"
#include "vantage/descriptors.h"
#include "vantage/run_context.h"
#include "vantage/whitening.h"

namespace vantage::numerics {

struct PcaOptions {
  // Principal components that are kept, the first ones; 0: all in which the descriptors vary.
  int64_t dimension = 0;
  // Whether components are divided by their standard deviations, as LearnPcaWhitening does.
  bool whiten = true;
  // Up to so many descriptors, or dimensions, whichever are fewer, the components are exact. Beyond, those
  // named by `dimension` are found by iteration, unless they are more than half of all there can be. At least
  // 1. Exact ones of n take some 3 n^2 doubles, and a time that grows with n^3.
  int64_t exact_up_to = 4096;
  // Of the iteration: how often the descriptors are gone through to turn the subspace towards the
  // components. Range [1, 100]. Where the variance falls slowly, the last components need the most.
  int passes = 3;
  // Of the subspace that the iteration begins with.
  uint64_t seed = 0;
};

// Principal components of N x D descriptors, as a transform whose projection has as many rows as components.
// However many descriptors there are: read in blocks of 64 MiB, a few times. Beside `rows` it takes K x D
// doubles and, where exact, a few times the smaller of N x N and D x D; by iteration about 2.5 R x D doubles
// and a few R x R, R = K + max(64, K / 8).
//
// The iteration is Halko, Martinsson and Tropp's ("Finding structure with randomness", SIAM Review 2011,
// algorithms 4.4 and 5.3): a random subspace of dimension R is multiplied by the covariance and made
// orthonormal again, `passes` times; then come the principal components of what lies in it. The same
// descriptors and options give the same bits whatever the number of threads, with OpenBLAS; while it runs,
// that takes one thread a product in the whole process.
//
// Components have no sign: their largest element is positive.
//
// Throws Error where there are no descriptors, or fewer directions than components are asked for.
Whitening LearnPca(const descriptors::DescriptorRows& rows, const PcaOptions& options = {},
                   const RunContext& context = {});
Whitening LearnPca(const Eigen::Ref<const DescriptorMatrix>& descriptors, const PcaOptions& options = {},
                   const RunContext& context = {});

}  // namespace vantage::numerics
