// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "search/stages/stages.h"

namespace vantage::search {

// Adds to each row of the database (N x D, unit length) its nearest rows, weighted by similarity^alpha, and
// scales the sums to unit length. Rows of zeros are unchanged.
DescriptorMatrix AugmentDatabase(const DescriptorMatrix& database, const DatabaseAugmentationOptions& options,
                                 const RunContext& context = {});

}  // namespace vantage::search
