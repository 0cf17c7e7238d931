// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "vantage/mining/tuple_miner.h"

namespace vantage {

// MineEpoch by difficulty.
MinedTuples MineTripletEpoch(const TrainingSet& set, Split split, const std::filesystem::path& photo_root,
                             const DescribePhotos& describe, const TripletOptions& options, int64_t seed,
                             int64_t epoch, const RunContext& context);

}  // namespace vantage
