// SPDX-License-Identifier: BSD-3-Clause
#include "model_arguments.h"

namespace vantage::cli {
namespace {

constexpr char kBareWeights[] = "; what follows the trunk of bare weights is said by --pooling and --head";

}  // namespace

ModelArguments::ModelArguments() {
  Declare(net_description_, net_);
  net_description_
      .Add("windows", net_.locals.windows,
           "NetVLAD weights of others: sides of the windows that maps are max-pooled with; none: the map "
           "itself")
      .Range(1, 64);
  Declare(descriptor_description_, descriptor);
}

void ModelArguments::AddTo(CommandLine& line, const std::string& model_name, const std::string& model_help) {
  AddModelTo(line, model_name, model_help);
  line.Options(descriptor_description_);
}

void ModelArguments::AddModelTo(CommandLine& line, const std::string& model_name,
                                const std::string& model_help) {
  line.Positional(model_name, path, model_help + kBareWeights);
  AddWeightsTo(line);
}

void ModelArguments::AddOptionalTo(CommandLine& line, const std::string& flag,
                                   const std::string& model_help) {
  line.Option(flag, path, model_help + kBareWeights);
  AddWeightsTo(line);
}

void ModelArguments::AddWeightsTo(CommandLine& line) {
  line.Options(net_description_);
  line.Option(
      "--allow-missing", allow_missing_,
      "Beginning of names of tensors that may be missing in the file, or unknown to the network (may be "
      "repeated)");
}

Model ModelArguments::Read(const Session& session) const {
  Model model = Model::Read(path, net_, allow_missing_);
  model.MoveTo(session.options().device);
  return model;
}

DescriptorProvenance ModelArguments::Provenance(const Model& model) const {
  return ProvenanceOf(model, path, descriptor);
}

}  // namespace vantage::cli
