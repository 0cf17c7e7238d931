// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <functional>

#include "vantage/descriptors.h"
#include "vantage/run_context.h"
#include "vantage/search.h"

namespace vantage::search {

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

}  // namespace vantage::search
