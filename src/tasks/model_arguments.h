// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>

#include "tasks/arguments.h"
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

}  // namespace vantage::tasks
