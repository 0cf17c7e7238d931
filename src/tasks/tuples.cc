// SPDX-License-Identifier: BSD-3-Clause
#include <nlohmann/json.hpp>

#include "tasks/task.h"
#include "tasks/training_set_facts.h"
#include "vantage/pipeline.h"

namespace vantage::tasks {
namespace {

class TuplesCall : public TaskCall {
 public:
  TuplesCall() {
    vantage::Declare(description_, task_.options);
    vantage::Declare(description_, task_.exclude);
  }

  void Declare(Arguments& arguments) override {
    arguments.Input("SCENES", task_.scenes,
                    "Folders of COLMAP models, by 'vantage reconstruct' or other programs; or a training set "
                    "of cirtorch (.pkl)");
    arguments.Output("-o,--output", task_.output, "Training set to write (.db)");
    arguments.Require("--output");
    arguments.Option(
        "--classes", task_.classes,
        "SCENES are folders of photos. Each sub-folder is a class, whose photos match each other");
    arguments.Input("--photos", task_.photos,
                    "Folder of the photos, or with a folder for each scene; default: the one named in "
                    "scene.json, or 'images' next to the model; for a .pkl: 'ims' next to it");
    arguments.Input("--val", task_.val,
                    "Folder of models whose scenes validate (may be repeated); no others are drawn then");
    arguments.Input("--model", task_.model,
                    "Model whose descriptors find scenes that overlap each other or the excluded photos, and "
                    "m1 positives");
    arguments.Option("--exclude-names", task_.exclude_names,
                     "Scenes to leave out, such as the landmarks of test sets: names, or text files (.txt) "
                     "with one name a line (may be repeated)");
    arguments.Input(
        "--exclude-photos", task_.exclude_photos,
        "Folders or lists of test photos; scenes that show the same things are left out (may be repeated)");
    arguments.Options(description_);
  }

  Result Run(const Call& call) override {
    task_.device = call.common.device;
    task_.overwrite = call.common.overwrite;
    const auto [built, changes] = BuildTrainingSet(task_, call.context);
    const TupleReport& report = built.report;
    nlohmann::json changed = nlohmann::json::array();
    for (const SceneChange& change : changes) {
      changed.push_back({{"scene", change.scene}, {"change", change.change}, {"why", change.why}});
    }
    Result result = Result::Of({{"output", task_.output},
                                {"dropped_scenes", report.dropped_scenes},
                                {"missing_photos", report.missing_photos},
                                {"repeated_photos", report.repeated_photos},
                                {"changed_scenes", changed}});
    if (report.missing_photos > 0) result.values["missing_example"] = report.missing_example;
    AddSplits(built.set, result);
    result.Lines("changed_scenes", "{scene}: {change}: {why}");
    if (report.missing_photos > 0)
      result.Line("{missing_photos} photos that the input names are missing, such as {missing_example}");
    if (report.repeated_photos > 0)
      result.Line("{repeated_photos} photos are in several scenes and are kept in one");
    return result.Lines("dropped_scenes", "left out: {}");
  }

 private:
  // Adds the figures of both splits, and a table of them.
  static void AddSplits(const TrainingSet& set, Result& result) {
    nlohmann::json rows = nlohmann::json::array();
    for (const Split split : {Split::kTrain, Split::kVal}) {
      nlohmann::json& facts = result.values[SplitName(split)] = FactsOf(set, split);
      rows.push_back(facts);
      rows.back()["split"] = SplitName(split);
    }
    result.Text(Result::Of({{"rows", rows}})
                    .Table("rows", {{"split", "{split}"},
                                    {"scenes", "{scenes}"},
                                    {"photos", "{photos}"},
                                    {"queries", "{queries}"},
                                    {"candidates a query", "{candidates_per_query:1}"}})
                    .text);
  }

  TrainingSetTask task_;
  OptionsDescription description_;
};

}  // namespace

Task TuplesRow() {
  return {
      .name = "tuples",
      .section = Section::kData,
      .summary = "Choose queries and matching photos from sparse models",
      .examples = {"vantage tuples models/ -o training-set.db",
                   "vantage tuples landmarks/ --classes -o training-set.db",
                   "vantage tuples models/ --model model.pth --exclude-photos paris6k/ -o training-set.db"},
      .make = MakeCall<TuplesCall>};
}

}  // namespace vantage::tasks
