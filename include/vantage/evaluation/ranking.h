// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "vantage/descriptors/descriptors.h"
#include "vantage/evaluation/benchmark.h"
#include "vantage/search/knn.h"
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

// How many local features of a query's box (its whole photo where there is none) agree with a photo's in one
// geometry. May be called from several threads.
using CountInliers = std::function<int64_t(
    const std::filesystem::path& query, const std::filesystem::path& photo, const std::optional<Box>& box)>;

// The first `count` in the order of their inliers; a query's own photo stays the first. folder: where the
// benchmark's photos are. The benchmark must outlive it.
Reranking RerankByInliers(const Benchmark& benchmark, const std::filesystem::path& folder, int64_t count,
                          CountInliers inliers);

// The rows of queries that are in the database. A query with a box is another picture than its photo: none.
OwnRows OwnRowsOf(const Benchmark& benchmark);

// Ranks all rows of the database for each query: Search for all of them, then RerankTop. own: as
// Search takes them. queries: Q x D, database: N x D. Throws Error where the dimensions differ.
DatabaseRankings RankDatabase(const DescriptorMatrix& queries, const DescriptorMatrix& database,
                              const RunContext& context = {}, const SearchOptions& options = {},
                              const Reranking& reranking = {}, const OwnRows& own = {});

// For each query and each place of its ranking: how many of the distractors score higher than what is there.
// So the ranks of a database with a million distractors are known without ranking them; they are read block
// by block. Equal scores rank the database's photo first. rankings: by inner product alone. Throws Error
// where the dimensions differ.
std::vector<std::vector<int64_t>> CountDistractorsAbove(const DatabaseRankings& rankings,
                                                        const DescriptorMatrix& queries,
                                                        const DescriptorDatabase& distractors,
                                                        const RunContext& context = {});

// The same of several files of descriptors.
struct DistractorCounts {
  int64_t photos = 0;                       // distractors in all files
  std::vector<std::vector<int64_t>> above;  // empty where there is no file
};
// provenance: what made the queries' descriptors, which `source` holds. Throws Error, or warns, as
// CheckComparable for each file.
DistractorCounts CountDistractorsInFiles(const DatabaseRankings& rankings, const DescriptorMatrix& queries,
                                         const std::vector<std::string>& files,
                                         const DescriptorProvenance& provenance, const std::string& source,
                                         const RunContext& context = {});

}  // namespace vantage
