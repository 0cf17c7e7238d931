// SPDX-License-Identifier: BSD-3-Clause
#include <filesystem>
#include <nlohmann/json.hpp>

#include "serialize/json.h"
#include "tasks/descriptor_arguments.h"
#include "tasks/model_arguments.h"
#include "tasks/task.h"
#include "vantage/pipeline.h"

namespace vantage::tasks {
namespace {

class PairsCall : public TaskCall {
 public:
  PairsCall() : model_(task_.model) {
    vantage::Declare(descriptor_, task_.descriptor);
    vantage::Declare(description_, task_.options);
    vantage::Declare(description_, task_.recall);
  }

  void Declare(Arguments& arguments) override {
    arguments.Input("DATABASE", task_.database,
                    "Descriptors (.npy, .h5) of the photos, or a folder of photos, which --model describes");
    arguments.Input(
        "--queries", task_.queries,
        "Descriptors or folder of query photos, which are paired with their nearest in the database "
        "(hloc's localisation); default: pairs within the database");
    arguments.Option(
        "--query-prefix", task_.query_prefix,
        "The queries are the photos whose name begins with this (may be repeated); without --queries, "
        "the other photos are the database");
    arguments.Input(
        "--database-model", task_.database_model,
        "Sparse model (COLMAP's, or scenes of vantage reconstruct): only its photos are the database. "
        "Without --queries and --query-prefix, all photos are queries");
    arguments.Input("--database-list", task_.database_list,
                    "The same for a text file of names, one per line (may be repeated)");
    arguments.Input("--also", task_.also,
                    "Pairs to add: two names per line, or a COLMAP database (may be repeated)");
    arguments.Option("--gps-radius", task_.gps_radius,
                     "Pair photos that were taken at most this many metres from each other; 0: do not");
    arguments.Input(
        "--positions", task_.positions,
        "CSV file of name,latitude,longitude (degrees) for --gps-radius; default: EXIF of the photos");
    arguments.Input(
        "--photos", task_.photos,
        "Folder that the database's names are relative to, for the EXIF of --gps-radius; default: "
        "DATABASE, if that is a folder");
    arguments.Input("--query-photos", task_.query_photos,
                    "The same for the queries; default: that of --photos");
    model_.Declare(
        arguments, "--model",
        "Model that describes the photos of a folder; default: the EfficientNet-Lite0 weights that are "
        "installed with vantage");
    arguments.Output("--descriptors", task_.descriptors,
                     "NAME: keep the descriptors of a folder of photos, as vantage extract writes them");
    arguments.Options(descriptor_);
    DeclareReading(arguments, task_, "DATABASE");
    arguments.Output("-o,--output", task_.output, "Text file to write: two names per line");
    arguments.Input("--covisible", task_.covisible,
                    "Folder of sparse models of these photos (COLMAP's, or scenes of vantage reconstruct): "
                    "also print, by k, how many of the pairs that see the same points are proposed");
    arguments.Input("--against", task_.against,
                    "With --covisible: pairs that another program matched, to measure for comparison; two "
                    "names per line, or a COLMAP database (may be repeated)");
    arguments.Options(description_);
  }

  Result Run(const Call& call) override {
    task_.overwrite = call.common.overwrite;
    task_.model.device = call.common.device;
    const bool describes =
        std::filesystem::is_directory(task_.database) || std::filesystem::is_directory(task_.queries);
    const bool is_default = describes && task_.model.path.empty();
    if (is_default) task_.model.path = InstalledWeights();
    const ProposedPairs proposed = ProposePairs(task_, call.context);
    Result result = Result::Of({{"pairs", proposed.pairs}});
    if (!proposed.measured.empty()) AddMeasured(proposed, result);
    AddSources(proposed, result);
    if (!proposed.model.empty()) {
      result.values["model"] = proposed.model;
      result.Line(is_default ? "described by {model}, weights of ImageNet; --model names another model"
                             : "described by {model}");
      result.values["left_out"] = proposed.left_out;
      AddFailed(proposed.failed, result);
    }
    AddLeftOut(proposed, result);
    if (task_.output.empty()) return result;
    result.values["output"] = task_.output;
    return result.Line("{pairs} pairs: {output}");
  }

 private:
  static void AddSources(const ProposedPairs& proposed, Result& result) {
    nlohmann::json sources = nlohmann::json::array();
    for (const PairSource& source : proposed.sources)
      sources.push_back({{"name", source.name}, {"pairs", source.pairs}, {"added", source.added}});
    result.values["sources"] = sources;
    if (sources.size() > 1)
      result.Table("sources", {{"source", "{name}"}, {"pairs", "{pairs}"}, {"new", "{added}"}});
  }

  // What was left out is counted, so that nobody looks for it in the list.
  static void AddLeftOut(const ProposedPairs& proposed, Result& result) {
    result.values.update({{"unlisted_pairs", proposed.unlisted_pairs},
                          {"unlisted_names", proposed.unlisted_names},
                          {"also_left_out", proposed.also_left_out},
                          {"without_position", proposed.without_position},
                          {"unknown_positions", proposed.unknown_positions},
                          {"without_descriptor", proposed.without_descriptor}});
    if (proposed.measured.empty() && !proposed.without_descriptor.empty())
      result.Line(
          "{without_descriptor:n} photos of the database have no descriptor: {without_descriptor:some}");
    if (proposed.also_left_out > 0)
      result.Line(
          "{also_left_out} pairs of --also are left out: of photos without a descriptor, or not of a "
          "query and the database");
    if (proposed.without_position > 0) result.Line("{without_position} photos have no position");
    if (proposed.unknown_positions > 0)
      result.Line("{unknown_positions} positions are of photos that have no descriptor");
    if (proposed.unlisted_pairs > 0)
      result.Line(
          "{unlisted_pairs} pairs are left out, since a list cannot hold names with white space or a "
          "leading #: {unlisted_names:some}. vantage reconstruct --pairs-from matches such photos: it "
          "renames them for COLMAP");
  }

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
  ModelArguments model_;
  OptionsDescription descriptor_;
  OptionsDescription description_;
};

}  // namespace

Task PairsRow() {
  return {
      .name = "pairs",
      .section = Section::kRetrieval,
      .summary = "Propose pairs of photos for COLMAP and hloc to match",
      .examples = {"vantage pairs photos/ -k 20 -o pairs.txt",
                   "vantage pairs descriptors.npy -k 20 --also seeds.txt --sequential 5 -o pairs.txt",
                   "vantage pairs all.h5 --query-prefix query/ --database-model sparse/0 -o pairs.txt",
                   "vantage pairs descriptors.npy --covisible models/ --against models/castle/database.db"},
      .make = MakeCall<PairsCall>};
}

}  // namespace vantage::tasks
