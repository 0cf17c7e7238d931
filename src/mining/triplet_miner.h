// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "mining/tuple_miner.h"
#include "vantage/mining.h"

namespace vantage::mining {

// MineRound by difficulty, with the options of the split, which fit their rules. epoch: 0 in validation.
MinedTuples MineTripletRound(const TrainingSet& set, Split split, const std::filesystem::path& photo_root,
                             const DescribePhotos& describe, const MiningOptions& options, uint64_t seed,
                             uint64_t epoch, uint64_t round, const RunContext& context);

}  // namespace vantage::mining
