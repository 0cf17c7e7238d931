// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <vector>

#include "vantage/search/descriptors.h"
#include "vantage/util/run_context.h"

namespace vantage {

struct Neighbor {
  int64_t index = 0;  // row of the database
  float score = 0;    // inner product
};

// The `k` database rows with the largest inner product with each query, best first; equal scores by index.
// All rows where k is larger than the database. Exact; the similarities are computed in blocks of bounded
// memory. queries: Q x D, database: N x D. Throws Error where the dimensions differ.
std::vector<std::vector<Neighbor>> NearestNeighbors(const Eigen::Ref<const DescriptorMatrix>& queries,
                                                    const Eigen::Ref<const DescriptorMatrix>& database,
                                                    int64_t k, const RunContext& context = {});

}  // namespace vantage
