// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "vantage/descriptors/descriptor_database.h"
#include "vantage/search/diffusion.h"
#include "vantage/search/expansion.h"
#include "vantage/search/knn.h"
#include "vantage/search/superglobal.h"

namespace vantage {

// How a database is searched: exactly, by inner product, with what is asked for on top.
struct SearchOptions {
  ExpansionOptions expansion;
  DatabaseAugmentationOptions augmentation;
  DiffusionOptions diffusion;
  SuperGlobalOptions superglobal;
};
void Declare(OptionsDescription& description, SearchOptions& options);

// For each query the database row of the same photo, if there is one. Empty: no query is in the database.
using OwnRows = std::vector<std::optional<int64_t>>;
// Photos of the same name are the same: "./a.jpg" and "a.jpg" are one name.
OwnRows RowsOfSameNames(const std::vector<std::string>& queries, const std::vector<std::string>& database);

// The best `k` of the database for each query, or all where it has fewer: the database is augmented, queries
// are expanded, the ranking is diffused, its first are ranked again, each where the options say so. queries:
// Q x D, database: N x D, rows of unit length. A query's own row is not among the neighbours that expand it,
// the seeds of diffusion, or the first that SuperGlobal refines; these two put it first, with its inner
// product. Throws Error where the dimensions differ, UsageError where an option is out of its range.
std::vector<std::vector<Neighbor>> Search(const DescriptorMatrix& queries, const DescriptorMatrix& database,
                                          int64_t k, const SearchOptions& options = {},
                                          const RunContext& context = {}, const OwnRows& own = {});

// Finds the `k` nearest of each query, or most of them: an index in place of comparing with all.
using NeighborFinder =
    std::function<std::vector<std::vector<Neighbor>>(const DescriptorMatrix& queries, int64_t k)>;

// The same over a file, which is read block by block. Augmentation and diffusion take the database into
// memory, and do not go with a finder: UsageError.
std::vector<std::vector<Neighbor>> Search(const DescriptorMatrix& queries, const DescriptorDatabase& database,
                                          int64_t k, const SearchOptions& options = {},
                                          const RunContext& context = {}, const NeighborFinder& finder = {},
                                          const OwnRows& own = {});

}  // namespace vantage
