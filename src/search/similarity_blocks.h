// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <functional>

#include "vantage/descriptors.h"
#include "vantage/run_context.h"
#include "vantage/search.h"

namespace vantage::search {

// Inner products of consecutive queries with consecutive rows of a database.
struct SimilarityBlock {
  int64_t first_query = 0;
  int64_t first_row = 0;
  DescriptorMatrix values;  // queries x rows
};

// Computes the inner products of all queries (Q x D) with all rows of a database, a block at a time. Reads
// each row of the file once, and reads ahead while a block is processed. On the first pass over a database,
// warns if rows are not of unit length. Calls `visit` from one thread, with rows ascending. Memory: the
// queries and about 160 MiB. Throws Error if the dimensions differ.
void ForEachSimilarityBlock(const Eigen::Ref<const DescriptorMatrix>& queries,
                            const DescriptorDatabase& database, const RunContext& context,
                            const std::function<void(const SimilarityBlock&)>& visit);

}  // namespace vantage::search
