// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "vantage/options.h"
#include "vantage/search.h"

namespace vantage::search {

// Rows of the database by their numbers.
using RowReader = std::function<DescriptorMatrix(const std::vector<int64_t>& rows)>;

// Queries (Q x D, unit length) with the nearest of each added, of unit length again. neighbors: of each
// query, at least as many as options.neighbors where the database has them. Negative similarities weigh
// nothing.
DescriptorMatrix ExpandQueries(const Eigen::Ref<const DescriptorMatrix>& queries,
                               const std::vector<std::vector<Neighbor>>& neighbors, const RowReader& rows,
                               const ExpansionOptions& options);

// The database (N x D, unit length) with the nearest of each row added, weighted by similarity^alpha
// (database-side augmentation, Turcot and Lowe 2009), of unit length again. Rows of zeros stay.
DescriptorMatrix AugmentDatabase(const DescriptorMatrix& database, const DatabaseAugmentationOptions& options,
                                 const RunContext& context = {});

}  // namespace vantage::search
