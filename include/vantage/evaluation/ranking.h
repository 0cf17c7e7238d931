// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <vector>

#include "vantage/search/descriptor_database.h"
#include "vantage/search/descriptors.h"
#include "vantage/util/run_context.h"

namespace vantage {

// The database as each query ranks it, best first.
struct DatabaseRankings {
  std::vector<std::vector<int64_t>> rows;
  std::vector<std::vector<float>> scores;  // inner products, in the order of rows
};

// Ranks all rows of the database for each query by inner product; equal scores by row. queries: Q x D,
// database: N x D. Throws Error where the dimensions differ.
DatabaseRankings RankDatabase(const DescriptorMatrix& queries, const DescriptorMatrix& database,
                              const RunContext& context = {});

// For each query and each place of its ranking: how many of the distractors score higher than what is there.
// So the ranks of a database with a million distractors are known without ranking them; they are read block
// by block. Equal scores rank the database's photo first. Throws Error where the dimensions differ.
std::vector<std::vector<int64_t>> CountDistractorsAbove(const DatabaseRankings& rankings,
                                                        const DescriptorMatrix& queries,
                                                        const DescriptorDatabase& distractors,
                                                        const RunContext& context = {});

}  // namespace vantage
