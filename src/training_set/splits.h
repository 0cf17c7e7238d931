// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <optional>
#include <vector>

#include "vantage/training_set.h"

namespace vantage::training_set {

// The splits of scenes. Draws options.val_fraction of the scenes without a split for validation, so that each
// split gets at least two of them. The rest is for training, and so are all of them if they are fewer than
// four or the fraction is zero.
std::vector<Split> DrawSplits(const std::vector<std::optional<Split>>& named, const TupleOptions& options);

// Maximum number of queries of a scene with this many photos: options.query_fraction of them, at least 1 and
// at most options.max_queries_per_scene.
int64_t QueriesOfScene(int64_t photos, const TupleOptions& options);

}  // namespace vantage::training_set
