// SPDX-License-Identifier: BSD-3-Clause
#include <nlohmann/json.hpp>

#include "tasks/task.h"
#include "vantage/pipeline.h"

namespace vantage::tasks {
namespace {

class MergeCall : public TaskCall {
 public:
  MergeCall() {
    vantage::Declare(description_, task_.format);
    vantage::Declare(description_, task_.options);
  }

  void Declare(Arguments& arguments) override {
    arguments.Input("SHARDS", task_.shards, "Descriptor files (.npy, .h5); numbered shards in any order");
    arguments.Input(
        "--names", task_.options.names,
        "Text file with the names of a .npy's rows, one per line, if no .json has them; repeat it for "
        "each of SHARDS, in their order");
    arguments.Output("-o,--output", task_.output, "NAME of the files to write");
    arguments.Require("--output");
    arguments.Options(description_);
  }

  Result Run(const Call& call) override {
    task_.overwrite = call.common.overwrite;
    const MergedDescriptors merged = Merge(task_, call.context);
    Result result = Result::Of({{"output", task_.output},
                                {"files", task_.shards.size()},
                                {"photos", merged.file.descriptors.size()},
                                {"dimension", merged.file.descriptors.dimension()},
                                {"failed", merged.file.failed.size()},
                                {"missing_shards", merged.missing_shards}});
    result.Line("{photos} descriptors of {dimension} dimensions from {files} files: {output}");
    if (!merged.file.failed.empty()) result.Line("{failed} photos had none");
    if (!merged.missing_shards.empty()) result.Line("{missing_shards:n} shards were missing");
    return result;
  }

 private:
  MergeTask task_;
  OptionsDescription description_;
};

}  // namespace

Task MergeRow() {
  return {.name = "merge",
          .section = Section::kDescriptors,
          .summary = "Put descriptor files together, such as the shards of a run",
          .examples = {"vantage merge shard-1.npy shard-2.npy -o descriptors",
                       "vantage merge features.npy --names photos.txt --normalise -o descriptors"},
          .make = MakeCall<MergeCall>};
}

}  // namespace vantage::tasks
