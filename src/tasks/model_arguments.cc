// SPDX-License-Identifier: BSD-3-Clause
#include "tasks/model_arguments.h"

namespace vantage::tasks {

ModelArguments::ModelArguments(ModelSource& source) : source_(source) { vantage::Declare(net_, source.net); }

void ModelArguments::Declare(Arguments& arguments, const std::string& names, const std::string& help) {
  arguments.Input(names, source_.path, help + "; --head defines the layers after the trunk of bare weights");
  arguments.Options(net_);
  arguments.Option(
      "--allow-missing", source_.allow_missing,
      "Beginning of names of tensors that may be missing in the file, or unknown to the network (may be "
      "repeated)");
}

}  // namespace vantage::tasks
