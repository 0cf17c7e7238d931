// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cmath>
#include <cstdint>
#include <functional>

#include "search/stages/stages.h"

namespace vantage::search {

// The weight of a neighbour of this similarity.
using NeighborWeight = std::function<float(float similarity)>;

// Adds to each query (Q x D, unit length) the first `count` of its ranking; scales the sums to unit length.
DescriptorMatrix ExpandQueries(const Eigen::Ref<const DescriptorMatrix>& queries, const Rankings& neighbors,
                               const RowReader& rows, int64_t count, const NeighborWeight& weight);

// similarity^alpha; 0 for negative similarities, whose powers are not defined.
inline float PowerWeight(float similarity, double alpha) {
  return similarity <= 0 ? 0 : static_cast<float>(std::pow(similarity, alpha));
}

}  // namespace vantage::search
