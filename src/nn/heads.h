// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <memory>
#include <span>

#include "nn/aggregation.h"
#include "nn/trunk.h"
#include "vantage/model.h"

namespace vantage::nn {

using AggregationFactory = std::unique_ptr<Aggregation> (*)(const DescriptorNetOptions&, int64_t);

// The names that a head's checkpoints have, and what makes a descriptor of locals.
struct HeadRow {
  const char* name;
  const char* trunk;  // in place of cirtorch's "features."
  const char* pool;
  const char* linear;
  AggregationFactory aggregation;  // null: a pooling
};

// Bounds of DescriptorNetOptions.
inline constexpr int kMaxOutputDimension = 65536;
inline constexpr double kLeastPower = 0.01;

std::span<const HeadRow> Heads();

// Throws UsageError that lists the heads.
const HeadRow& HeadOf(const DescriptorNetOptions& options);

}  // namespace vantage::nn
