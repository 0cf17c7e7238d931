// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>

#include "tasks/arguments.h"
#include "vantage/pipeline.h"

namespace vantage::tasks {

// The arguments of tasks that take a model.
class ModelArguments {
 public:
  explicit ModelArguments(ModelSource& source);

  // names: "MODEL" or "--model". The file, and what bare weights are.
  void Declare(Arguments& arguments, const std::string& names, const std::string& help);

 private:
  ModelSource& source_;
  OptionsDescription net_;
};

}  // namespace vantage::tasks
