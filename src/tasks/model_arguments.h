// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <vector>

#include "tasks/arguments.h"
#include "tasks/result.h"
#include "vantage/descriptors.h"
#include "vantage/pipeline.h"

namespace vantage::tasks {

// Declares --state and --rename.
void DeclareState(Arguments& arguments, NetWish& wish);

// The arguments of tasks that need a model.
class ModelArguments {
 public:
  explicit ModelArguments(ModelSource& source);

  // Declares the model file, and the options that describe the network of bare weights. names: "MODEL" or
  // "--model".
  void Declare(Arguments& arguments, const std::string& names, const std::string& help);

 private:
  ModelSource& source_;
  OptionsDescription net_;
};

// The EfficientNet-Lite0 weights that scripts/setup fetches: where the program is installed, or in its build
// folder. Throws UsageError if they are at neither place.
std::string InstalledWeights();

// Adds the photos that could not be described, as values and as text.
void AddFailed(const std::vector<FailedPhoto>& failed, Result& result);

}  // namespace vantage::tasks
