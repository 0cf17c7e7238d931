// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "vantage/search/knn.h"

namespace vantage {

// How well a database row fits a query by a closer look, such as local features that agree in one geometry;
// 0: not at all. May be called from several threads.
using CloserLook = std::function<int64_t(size_t query, int64_t row)>;

// Reorders the first `count` of each ranking by what the closer look says, best first; equals stay in their
// order, so that a ranking of which nothing fits stays as it is. Scores go with their rows. Throws
// Interrupted.
std::vector<std::vector<Neighbor>> RerankTop(std::vector<std::vector<Neighbor>> rankings, int64_t count,
                                             const CloserLook& look, const RunContext& context = {});

}  // namespace vantage
