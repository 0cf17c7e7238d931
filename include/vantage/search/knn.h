// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "vantage/descriptors/descriptor_database.h"
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

// Inner products of some queries with some rows of a database.
struct SimilarityBlock {
  int64_t first_query = 0;
  int64_t first_row = 0;
  DescriptorMatrix values;  // queries x rows
};

// Computes the inner products of all queries (Q x D) with all rows, a block at a time, each row of the file
// read once; the next blocks are read while one is worked on. The first time for a database, warns of rows
// that are not of unit length. `visit` is called from one thread, rows
// ascending. Memory: the queries and some 160 MiB. Throws Error where the dimensions differ.
void ForEachSimilarityBlock(const Eigen::Ref<const DescriptorMatrix>& queries,
                            const DescriptorDatabase& database, const RunContext& context,
                            const std::function<void(const SimilarityBlock&)>& visit);

// As NearestNeighbors above, over a database on disk.
std::vector<std::vector<Neighbor>> NearestNeighbors(const Eigen::Ref<const DescriptorMatrix>& queries,
                                                    const DescriptorDatabase& database, int64_t k,
                                                    const RunContext& context = {});

}  // namespace vantage
