// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <vector>

#include "vantage/search/descriptor_database.h"
#include "vantage/search/descriptors.h"
#include "vantage/search/rerank.h"
#include "vantage/search/search.h"
#include "vantage/util/run_context.h"

namespace vantage {

// The database as each query ranks it, best first.
struct DatabaseRankings {
  std::vector<std::vector<int64_t>> rows;
  std::vector<std::vector<float>> scores;  // as Search gives them, in the order of rows
};

// A ranking's first so many, looked at closer.
struct Reranking {
  int64_t count = 0;
  CloserLook look;
};

// Ranks all rows of the database for each query: Search for all of them, then RerankTop. A query that is in
// the database is among its own nearest there, in expansion too. queries: Q x D, database: N x D. Throws
// Error where the dimensions differ.
DatabaseRankings RankDatabase(const DescriptorMatrix& queries, const DescriptorMatrix& database,
                              const RunContext& context = {}, const SearchOptions& options = {},
                              const Reranking& reranking = {});

// For each query and each place of its ranking: how many of the distractors score higher than what is there.
// So the ranks of a database with a million distractors are known without ranking them; they are read block
// by block. Equal scores rank the database's photo first. rankings: by inner product alone. Throws Error
// where the dimensions differ.
std::vector<std::vector<int64_t>> CountDistractorsAbove(const DatabaseRankings& rankings,
                                                        const DescriptorMatrix& queries,
                                                        const DescriptorDatabase& distractors,
                                                        const RunContext& context = {});

}  // namespace vantage
