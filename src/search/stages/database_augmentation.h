// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "search/stages/stages.h"

namespace vantage::search {

// The database (N x D, unit length) with the nearest of each row added, weighted by similarity^alpha, of unit
// length again. Rows of zeros stay.
DescriptorMatrix AugmentDatabase(const DescriptorMatrix& database, const DatabaseAugmentationOptions& options,
                                 const RunContext& context = {});

}  // namespace vantage::search
