// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>

#include "vantage/search/descriptors.h"
#include "vantage/search/whitening.h"

namespace vantage {

struct PcaOptions {
  // Principal components that are kept, the first ones; 0: all in which the descriptors vary.
  int64_t dimension = 0;
  // Whether components are divided by their standard deviations, as LearnPcaWhitening does.
  bool whiten = true;
};

// Principal components of N x D descriptors, as a transform whose projection has as many rows as components.
// For long descriptors too: beside them it takes a few times the smaller of N x N and D x D doubles, and
// blocks of 64 MiB. Throws Error where there are no descriptors, or fewer directions than components are
// asked for.
Whitening LearnPca(const Eigen::Ref<const DescriptorMatrix>& descriptors, const PcaOptions& options = {});

}  // namespace vantage
