// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "vantage/search/descriptors.h"
#include "vantage/util/run_context.h"

namespace vantage {

// Each row with its `k` nearest others by inner product: pairs of rows, the smaller first, each once, sorted.
// Rows of zeros, which stand for photos without a descriptor, are in no pair.
std::vector<std::pair<int64_t, int64_t>> NeighborPairs(const DescriptorMatrix& descriptors, int64_t k,
                                                       const RunContext& context = {});

}  // namespace vantage
