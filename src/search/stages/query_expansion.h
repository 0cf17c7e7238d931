// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cmath>
#include <cstdint>
#include <functional>

#include "search/stages/stages.h"

namespace vantage::search {

// Weight of a neighbour by its similarity.
using NeighborWeight = std::function<float(float similarity)>;

// Queries (Q x D, unit length) with the first `count` of each ranking added, of unit length again.
DescriptorMatrix ExpandQueries(const Eigen::Ref<const DescriptorMatrix>& queries, const Rankings& neighbors,
                               const RowReader& rows, int64_t count, const NeighborWeight& weight);

// similarity^alpha; negative similarities weigh nothing, since their powers are no numbers.
inline float PowerWeight(float similarity, double alpha) {
  return similarity <= 0 ? 0 : static_cast<float>(std::pow(similarity, alpha));
}

}  // namespace vantage::search
