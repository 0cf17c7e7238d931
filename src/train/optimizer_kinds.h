// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <vector>

#include "train/optimizer.h"

namespace vantage::train {

struct StateTensor {
  const char* name;  // in torch.optim's state_dict
  bool is_scalar;    // a float32 scalar, such as a count of steps; else shaped as the parameter
};

// What tells one optimiser from another.
struct OptimizerKind {
  const char* name;
  std::vector<StateTensor> (*state)(const OptimizerOptions& options);
  // One step of a group at a rate of its own.
  void (*step)(ParameterGroup& group, const OptimizerOptions& options, double rate);
  // Adds what torch.optim's param_groups hold besides "lr", "weight_decay" and "params".
  void (*write_options)(nn::TorchDict& group, const OptimizerOptions& options);
};

// Throws UsageError that lists the known ones, or where options do not go together.
const OptimizerKind& FindOptimizerKind(const OptimizerOptions& options);

}  // namespace vantage::train
