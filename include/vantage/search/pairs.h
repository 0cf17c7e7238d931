// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "vantage/config/options_description.h"
#include "vantage/descriptors/descriptor_database.h"
#include "vantage/descriptors/descriptors.h"
#include "vantage/util/run_context.h"

namespace vantage {

// Which photos are worth matching.
struct PairOptions {
  // Each photo with so many of its nearest. At least 0.
  int64_t k = 20;
  // Only pairs that are among each other's nearest.
  bool mutual = false;
  // Only pairs whose descriptors' inner product is at least this. [-1, 1].
  double min_score = -1;
  // Besides, and whatever their score: each photo with the so many that follow it in its folder, by name: a
  // video's frames. At least 0.
  int64_t sequential = 0;
};
void Declare(OptionsDescription& description, PairOptions& options);

// Pairs of rows, the smaller first, each once, sorted. Rows of zeros, which stand for photos without a
// descriptor, are in no pair but sequential ones. names: of the photos, for sequential pairs: folders are
// told by the last '/', numbers in names are compared as numbers.
std::vector<std::pair<int64_t, int64_t>> ProposePairs(const Descriptors& photos, const PairOptions& options,
                                                      const RunContext& context = {});

// Each query with its options.k nearest of the database, itself left out: the photo of the same name is it.
// Names as (query, database); two photos that are both queries and in the database are one pair. Queries of
// zeros are in none. Throws UsageError if the options are of pairs within a database (mutual, sequential).
std::vector<std::pair<std::string, std::string>> ProposeQueryPairs(const Descriptors& queries,
                                                                   const DescriptorDatabase& database,
                                                                   const PairOptions& options,
                                                                   const RunContext& context = {});

// Each row with its `k` nearest others by inner product, as ProposePairs.
std::vector<std::pair<int64_t, int64_t>> NeighborPairs(const DescriptorMatrix& descriptors, int64_t k,
                                                       const RunContext& context = {});

// Throws UsageError naming the first name that a list of pairs cannot hold: one with white space, which
// COLMAP and hloc take for its end, or with # at its beginning, which COLMAP takes for a comment. To be
// called before pairs are looked for.
void CheckPairNames(const std::vector<std::string>& names);

// Text that COLMAP's matches_importer and hloc read: two names a line. Throws as CheckPairNames.
std::string FormatPairs(const std::vector<std::pair<std::string, std::string>>& pairs);

}  // namespace vantage
