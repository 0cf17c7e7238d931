// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <vector>

#include "command_line.h"
#include "session.h"
#include "vantage/describer.h"
#include "vantage/model.h"

namespace vantage::cli {

// The arguments of commands that describe photos with a model.
class ModelArguments {
 public:
  ModelArguments();
  ModelArguments(const ModelArguments&) = delete;
  ModelArguments& operator=(const ModelArguments&) = delete;

  // Adds the model, how photos are described, and what bare weights are.
  void AddTo(CommandLine& line, const std::string& model_name, const std::string& model_help);
  // Adds only the model and what bare weights are.
  void AddModelTo(CommandLine& line, const std::string& model_name, const std::string& model_help);
  // Adds the model as a flag that may be left out, and what bare weights are.
  void AddOptionalTo(CommandLine& line, const std::string& flag, const std::string& model_help);

  // Reads the model and moves it to the session's device.
  Model Read(const Session& session) const;

  // What a descriptor file should say of how it was made.
  DescriptorProvenance Provenance(const Model& model) const;

  // Empty where none was given.
  std::string path;
  ModelDescriptorOptions descriptor;

 private:
  void AddWeightsTo(CommandLine& line);

  // A name that was not given is empty.
  DescriptorNetOptions net_{.architecture = "", .pooling = "", .head = ""};
  std::vector<std::string> allow_missing_;
  OptionsDescription net_description_;
  OptionsDescription descriptor_description_;
};

}  // namespace vantage::cli
