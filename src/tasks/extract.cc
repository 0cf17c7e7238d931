// SPDX-License-Identifier: BSD-3-Clause
#include <nlohmann/json.hpp>

#include "tasks/model_arguments.h"
#include "tasks/task.h"
#include "vantage/pipeline.h"

namespace vantage::tasks {
namespace {

class ExtractCall : public TaskCall {
 public:
  ExtractCall() : model_(task_.model) {
    vantage::Declare(descriptor_, task_.descriptor);
    vantage::Declare(format_, task_.format);
  }

  void Declare(Arguments& arguments) override {
    model_.Declare(arguments, "MODEL", "Model");
    arguments.Options(descriptor_);
    arguments.Input("PHOTOS", task_.photos, "Folders, lists of paths (.txt), or photos");
    arguments.Output("-o,--output", task_.output, "NAME of the files to write");
    arguments.Require("--output");
    arguments.Options(format_);
    arguments.Option("--shard", task_.shard,
                     "i/n: only the i-th of n blocks of the list, for n machines; see vantage merge");
    arguments.Option("--restart", task_.restart,
                     "Describe all photos again, including those of an interrupted run");
  }

  Result Run(const Call& call) override {
    task_.model.device = call.common.device;
    task_.overwrite = call.common.overwrite;
    const DescriptorFile file = Extract(task_, call.context);
    Result result = Result::Of({{"output", task_.output},
                                {"photos", file.descriptors.size()},
                                {"dimension", file.descriptors.dimension()}});
    result.Line("{photos} photos described, {dimension} dimensions each: {output}");
    result.values["left_out"] = file.left_out;
    AddFailed(file.failed, result);
    return result;
  }

 private:
  ExtractTask task_;
  ModelArguments model_;
  OptionsDescription descriptor_;
  OptionsDescription format_;
};

}  // namespace

Task ExtractRow() {
  return {.name = "extract",
          .section = Section::kDescriptors,
          .summary = "Describe photos: one vector each, to NAME.npy and NAME.json or to NAME.h5",
          .examples = {"vantage extract model.pth photos/ -o descriptors"},
          .make = MakeCall<ExtractCall>};
}

}  // namespace vantage::tasks
