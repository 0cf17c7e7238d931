// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "vantage/config/options_description.h"
#include "vantage/search/knn.h"

namespace vantage {

struct ExpansionOptions {
  // none; average: q' = l2n(q + sum x_i) over the nearest (Chum et al., ICCV 2007); alpha: each weighted by
  // its similarity to the power alpha (TPAMI 2019, section 5.3).
  std::string kind = "none";
  // How many of the nearest. At least 1. The paper's 50 suit thousands of photos of a landmark.
  int64_t neighbors = 10;
  // At least 0; TPAMI 2019: 3.
  double alpha = 3;
};
void Declare(OptionsDescription& description, ExpansionOptions& options);

struct DatabaseAugmentationOptions {
  // Each photo of the database gets so many of its nearest added; 0: none. At least 0.
  int64_t neighbors = 0;
  // As for expansion; 0 averages.
  double alpha = 3;
};
void Declare(OptionsDescription& description, DatabaseAugmentationOptions& options);

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

}  // namespace vantage
