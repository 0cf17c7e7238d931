// SPDX-License-Identifier: BSD-3-Clause
#include "synthetic/synthetic.h"
#include "tasks/task.h"

namespace vantage::tasks {
namespace {

class SynthesizeCall : public TaskCall {
 public:
  SynthesizeCall() { synthetic::Declare(description_, options_); }

  void Declare(Arguments& arguments) override {
    arguments.Output("-o,--output", output_, "Folder for the dataset");
    arguments.Require("--output");
    arguments.Options(description_);
  }

  Result Run(const Call& call) override {
    const synthetic::SyntheticSummary summary = synthetic::SynthesizeDataset(options_, output_, call.context);
    return Result::Of({{"output", output_},
                       {"scenes", summary.scenes},
                       {"photos", summary.photos},
                       {"written", summary.written}})
        .Line("{output}: {photos} photos, {scenes} landmarks; {written} photos written now");
  }

 private:
  std::string output_;
  synthetic::SyntheticOptions options_;
  OptionsDescription description_;
};

}  // namespace

Task SynthesizeRow() {
  return {.name = "synthesize",
          .section = Section::kData,
          .summary = "Render synthetic landmarks: photos, exact COLMAP models and a benchmark",
          .examples = {"vantage synthesize -o scenes --seed 1"},
          .make = MakeCall<SynthesizeCall>};
}

}  // namespace vantage::tasks
