// SPDX-License-Identifier: BSD-3-Clause
#include <nlohmann/json.hpp>

#include "tasks/model_arguments.h"
#include "tasks/task.h"
#include "vantage/pipeline.h"
#include "vantage/whitening.h"

namespace vantage::tasks {
namespace {

class WhitenCall : public TaskCall {
 public:
  WhitenCall() : model_(task_.model) { vantage::Declare(description_, task_.options); }

  void Declare(Arguments& arguments) override {
    model_.Declare(arguments, "MODEL", "Model");
    arguments.Input("--tuples", task_.tuples, "Training set (.db) with the pairs to learn from");
    arguments.Require("--tuples");
    arguments.Output("-o,--output", task_.output, "Model to write");
    arguments.Require("--output");
    arguments.Input("--photos", task_.photos,
                    "Folder of the photos, if they were moved: the folder that the set's paths are relative "
                    "to, or the moved one; default: the training set's own");
    arguments.Option("--name", task_.name, "Name of the whitening in the model; default: the method's");
    arguments.Option("--size", task_.size,
                     "Longest side that photos are reduced to, pixels; 0: the model's own, or 1024");
    arguments.Option("--preprocessing", task_.preprocessing,
                     "How photos are prepared, kept as the model's own (docs/preprocessing.md); 'default': "
                     "as the model says, with --size");
    arguments.Option("--scales", task_.scales,
                     "Scales that photos are described at, such as 1,0.7071,0.5, which become the model's "
                     "own; or 'default', the model's own. With several scales, one whitening is learned at "
                     "them and one at a single scale");
    arguments.Option(
        "--fold", task_.fold,
        "Make the whitening the network's last linear layer, for programs that do not support whitenings");
    arguments.Output("--report", task_.report, "HTML file to write: how --shrinkage auto chose, as a curve");
    arguments.Option("--restart", task_.restart,
                     "Describe all photos again, including those of an interrupted run");
    arguments.Options(description_);
  }

  Result Run(const Call& call) override {
    task_.model.device = call.common.device;
    task_.overwrite = call.common.overwrite;
    const auto [name, learned, shrinkage] = Whiten(task_, call.context);
    Result result = Result::Of({{"output", task_.output},
                                {"name", name},
                                {"photos", learned.photos},
                                {"pairs", learned.pairs},
                                {"dimension", learned.whitening.single_scale->projection.rows()},
                                {"shrinkage", nlohmann::json::parse(shrinkage)},
                                {"folded", task_.fold}});
    result.Line(
        "whitening '{name}' learned from {pairs} pairs of {photos} photos{folded:? and folded into the "
        "network}: {output}");
    if (learned.single_scale_shrinkage) result.Text(Summary(*learned.single_scale_shrinkage) + "\n");
    if (learned.multi_scale_shrinkage)
      result.Text("at several scales: " + Summary(*learned.multi_scale_shrinkage) + "\n");
    return result;
  }

 private:
  WhitenTask task_;
  ModelArguments model_;
  OptionsDescription description_;
};

}  // namespace

Task WhitenRow() {
  return {.name = "whiten",
          .section = Section::kTraining,
          .summary = "Learn a whitening from matching pairs and store it in the model",
          .examples = {"vantage whiten run/best.pth --tuples training-set.db -o model.pth"},
          .make = MakeCall<WhitenCall>};
}

}  // namespace vantage::tasks
