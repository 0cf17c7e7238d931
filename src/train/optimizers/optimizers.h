// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "train/optimizer.h"

namespace vantage::train {

struct StateTensor {
  const char* name;  // in torch.optim's state_dict
  bool is_scalar;    // a float32 scalar, such as a count of steps; else shaped as the parameter
};

// How an optimiser updates parameters along their gradients.
struct OptimizerRule {
  std::vector<StateTensor> state;
  // Takes one step of a group at the given learning rate.
  std::function<void(ParameterGroup& group, double rate)> step;
  // Adds the entries that torch.optim's param_groups hold besides "lr", "weight_decay" and "params".
  std::function<void(nn::TorchDict& group)> write_options;
};

// A row of the table of optimisers. Each optimiser has its own file in this folder.
struct OptimizerRow {
  Kind kind;
  std::function<OptimizerRule(const OptimizerChoice& options)> make;
};

template <KindOptions Options>
OptimizerRow MakeOptimizerRow(std::string summary, OptimizerRule (*make)(const Options& options)) {
  return {MakeKind<Options>(std::move(summary)),
          [make](const OptimizerChoice& options) { return make(options.As<Options>()); }};
}

// Throws UsageError if options cannot be combined.
OptimizerRule MakeOptimizerRule(const OptimizerChoice& options);

}  // namespace vantage::train
