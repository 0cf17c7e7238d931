// SPDX-License-Identifier: BSD-3-Clause
#include <nlohmann/json.hpp>

#include "serialize/json.h"
#include "tasks/descriptor_arguments.h"
#include "tasks/task.h"
#include "vantage/pipeline.h"

namespace vantage::tasks {
namespace {

class PairsCall : public TaskCall {
 public:
  PairsCall() {
    vantage::Declare(description_, task_.options);
    vantage::Declare(description_, task_.recall);
  }

  void Declare(Arguments& arguments) override {
    arguments.Input("DATABASE", task_.database, "Descriptors (.npy, .h5) of the photos");
    arguments.Input("--queries", task_.queries,
                    "Descriptors of query photos, which are paired with their nearest in the database "
                    "(hloc's localisation); default: pairs within the database");
    DeclareReading(arguments, task_, "DATABASE");
    arguments.Output("-o,--output", task_.output, "Text file to write: two names a line");
    arguments.Input("--covisible", task_.covisible,
                    "Folder of sparse models of these photos (COLMAP's, or scenes of vantage reconstruct): "
                    "also print, by k, how many of the pairs that see the same points are proposed");
    arguments.Input("--against", task_.against,
                    "With --covisible: pairs that another program matched, to measure for comparison; two "
                    "names a line, or a COLMAP database (may be repeated)");
    arguments.Options(description_);
  }

  Result Run(const Call& call) override {
    task_.overwrite = call.common.overwrite;
    const ProposedPairs proposed = ProposePairs(task_, call.context);
    Result result = Result::Of({{"pairs", proposed.pairs}});
    if (!proposed.measured.empty()) AddMeasured(proposed, result);
    if (task_.output.empty()) return result;
    result.values["output"] = task_.output;
    return result.Line("{pairs} pairs: {output}");
  }

 private:
  static void AddMeasured(const ProposedPairs& proposed, Result& result) {
    nlohmann::json rows = nlohmann::json::array();
    for (const auto& [name, recall, left_out] : proposed.measured) {
      rows.push_back({{"name", name},
                      {"left_out", left_out},
                      {"pairs", recall.pairs},
                      {"covisible", recall.covisible},
                      {"found", recall.found},
                      {"recall", serialize::NumberOrNull(recall.Recall())},
                      {"precision", serialize::NumberOrNull(recall.Precision())},
                      {"saved", serialize::NumberOrNull(recall.Saved())}});
    }
    result.values.update({{"recall", rows},
                          {"exhaustive", proposed.measured[0].recall.exhaustive},
                          {"model_photos", proposed.model_photos},
                          {"without_descriptor", proposed.without_descriptor}});
    result.Text(Fill("{covisible}", rows[0])).Line(" covisible pairs of {exhaustive}");
    result.Table("recall", {{"pairs of", "{name}"},
                            {"number", "{pairs}"},
                            {"recall %", "{recall:%1}"},
                            {"precision %", "{precision:%1}"},
                            {"saved %", "{saved:%1}"}});
    if (!proposed.without_descriptor.empty()) {
      result.Line(
          "{without_descriptor:n} of the models' {model_photos} photos have no descriptor, their pairs are "
          "left "
          "out: {without_descriptor:some}");
    }
    for (const nlohmann::json& row : rows) {
      if (row["left_out"] > 0)
        result.Text(Fill("{name}: {left_out} pairs of photos without a descriptor are left out\n", row));
    }
  }

  PairsTask task_;
  OptionsDescription description_;
};

}  // namespace

Task PairsRow() {
  return {
      .name = "pairs",
      .section = Section::kRetrieval,
      .summary = "Propose pairs of photos for COLMAP and hloc to match",
      .examples = {"vantage pairs descriptors.npy -k 20 -o pairs.txt",
                   "vantage pairs descriptors.npy --covisible models/ --against models/castle/database.db"},
      .make = MakeCall<PairsCall>};
}

}  // namespace vantage::tasks
