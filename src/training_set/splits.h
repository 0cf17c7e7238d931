// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <optional>
#include <vector>

#include "vantage/training_set.h"

namespace vantage::training_set {

// The splits of scenes. Of those that have none yet, options.val_fraction is drawn to validate, so that two
// at least are in either split; none of fewer than four, or where the fraction is zero.
std::vector<Split> DrawSplits(const std::vector<std::optional<Split>>& named, const TupleOptions& options);

// How many queries a scene of so many photos gives, if it can.
int64_t QueriesOfScene(int64_t photos, const TupleOptions& options);

}  // namespace vantage::training_set
