// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <memory>

#include "nn/aggregation.h"
#include "nn/descriptor_net.h"

namespace vantage::nn {

// Aggregations of locals of so many dimensions, each a file of its name. Throw UsageError for options that
// cannot be.
std::unique_ptr<Aggregation> MakeNetVlad(const DescriptorNetOptions& net, int64_t local_dimension);
std::unique_ptr<Aggregation> MakeLocalGem(const DescriptorNetOptions& net, int64_t local_dimension);

}  // namespace vantage::nn
