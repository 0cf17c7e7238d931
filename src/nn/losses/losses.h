// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "vantage/losses.h"
#include "vantage/torch.h"

namespace vantage::nn {

// A row of the table of losses. Each loss has its own file in this folder, with its options' fields, formula
// and row.
struct LossRow {
  Kind kind;
  std::function<TupleLoss(const LossOptions& options)> make;
};

template <KindOptions Options>
LossRow MakeLossRow(std::string summary, TupleLoss (*make)(const Options& options)) {
  return {MakeKind<Options>(std::move(summary)),
          [make](const LossOptions& options) { return make(options.As<Options>()); }};
}

// Throws UsageError if an option breaks its rule.
TupleLoss MakeLoss(const LossOptions& options);

}  // namespace vantage::nn
