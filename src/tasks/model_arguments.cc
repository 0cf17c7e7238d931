// SPDX-License-Identifier: BSD-3-Clause
#include "tasks/model_arguments.h"

namespace vantage::tasks {

ModelArguments::ModelArguments(ModelSource& source) : source_(source) {
  vantage::Declare(net_, source.net);
  net_.Add("windows", source.net.locals.windows,
           "NetVLAD weights of others: sides of the windows that maps are max-pooled with; none: the map "
           "itself")
      .Range(1, 64);
}

void ModelArguments::Declare(Arguments& arguments, const std::string& names, const std::string& help) {
  arguments.Input(names, source_.path,
                  help + "; --pooling and --head define the layers after the trunk of bare weights");
  arguments.Options(net_);
  arguments.Option(
      "--allow-missing", source_.allow_missing,
      "Beginning of names of tensors that may be missing in the file, or unknown to the network (may be "
      "repeated)");
}

}  // namespace vantage::tasks
