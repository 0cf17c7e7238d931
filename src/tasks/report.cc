// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/report.h"

#include <nlohmann/json.hpp>

#include "tasks/model_arguments.h"
#include "tasks/task.h"
#include "util/string.h"

namespace vantage::tasks {
namespace {

class ReportCall : public TaskCall {
 public:
  ReportCall() : model_(task_.model) { report::Declare(description_, task_.options); }

  void Declare(Arguments& arguments) override {
    arguments.Input("SET", task_.input, "Training set (.db), or the folder of a run of vantage train");
    arguments.Output("-o,--output", task_.output, "Page to write (.html): one file, which needs no network");
    arguments.Require("--output");
    arguments.Input("--photos", task_.photos,
                    "Folder of the photos, if they were moved: the folder that the set's paths are relative "
                    "to, or the moved one; default: the training set's own");
    model_.Declare(arguments, "--model", "Model to mine negatives with; without it, none are shown");
    arguments.Option("--size", task_.size,
                     "Longest side that photos are reduced to for the model, pixels; 0: the model's own, or "
                     "1024");
    arguments.Option("--preprocessing", task_.preprocessing,
                     "How photos are prepared for the model (docs/preprocessing.md); 'default': as the model "
                     "says, with --size");
    arguments.Option(
        "--variant", task_.mining.variant,
        "Negatives: n1, the nearest photos of other scenes; n2, at most one of each other scene");
    arguments.Option("--mined-queries", task_.mining.queries,
                     "Most queries of each split that negatives are mined for");
    arguments.Option("--pool", task_.mining.pool,
                     "Most photos of each split among which negatives are mined");
    arguments.Options(description_);
  }

  Result Run(const Call& call) override {
    task_.model.device = call.common.device;
    task_.overwrite = call.common.overwrite;
    return pipeline::IsOfRun(task_) ? OfRun(call) : OfTrainingSet(call);
  }

 private:
  Result OfRun(const Call& call) const {
    const report::RunReportSummary page = pipeline::ReportRun(task_, call.context);
    Result result = Result::Of({{"output", task_.output},
                                {"epochs", page.epochs},
                                {"steps", page.steps},
                                {"queries", page.queries},
                                {"photos", page.photos},
                                {"bytes", page.bytes},
                                {"notes", page.notes},
                                {"unreadable", page.unreadable}});
    result.Line(StrCat("{output}: {epochs} epochs, {queries} sample queries, ", Megabytes(page.bytes)));
    return result.Lines("notes", "{}").Lines("unreadable", "unreadable: {}");
  }

  Result OfTrainingSet(const Call& call) const {
    const report::TrainingSetReportSummary page = pipeline::ReportTrainingSet(task_, call.context);
    Result result = Result::Of({{"output", task_.output},
                                {"queries", page.queries},
                                {"photos", page.photos},
                                {"bytes", page.bytes},
                                {"negatives", !task_.model.path.empty()},
                                {"unreadable", page.unreadable}});
    result.Line(StrCat("{output}: {queries} queries, {photos} photos, ", Megabytes(page.bytes)));
    return result.Lines("unreadable", "unreadable: {}");
  }

  static std::string Megabytes(int64_t bytes) {
    return FormatFixed(static_cast<double>(bytes) / 1e6, 1) + " MB";
  }

  pipeline::ReportTask task_;
  ModelArguments model_;
  OptionsDescription description_;
};

}  // namespace

Task ReportRow() {
  return {.name = "report",
          .section = Section::kFiles,
          .summary = "Show a training set, or a training run, as a page",
          .examples = {"vantage report training-set.db --model model.pth -o training-set.html",
                       "vantage report run -o run.html"},
          .make = MakeCall<ReportCall>};
}

}  // namespace vantage::tasks
