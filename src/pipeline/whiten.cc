// SPDX-License-Identifier: BSD-3-Clause
#include <filesystem>
#include <nlohmann/json.hpp>
#include <utility>

#include "nn/fold_whitening.h"
#include "nn/model_file.h"
#include "numerics/shrinkage_json.h"
#include "report/whitening_report.h"
#include "train/learn_whitening.h"
#include "util/hash.h"
#include "util/output.h"
#include "util/string.h"
#include "vantage/error.h"
#include "vantage/pipeline.h"

namespace vantage {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

json ShrinkageOf(const LearnedWhitening& learned, const LearnWhiteningOptions& options) {
  if (!learned.single_scale_shrinkage) {
    if (options.shrinkage == "auto" || options.method.starts_with("pca")) return nullptr;
    return ParseDouble(options.shrinkage, "--shrinkage");
  }
  json choices = {{"ss", ToJson(*learned.single_scale_shrinkage)}};
  if (learned.multi_scale_shrinkage) choices["ms"] = ToJson(*learned.multi_scale_shrinkage);
  return choices;
}

std::vector<std::pair<std::string, ShrinkageChoice>> ChoicesOf(const LearnedWhitening& learned) {
  std::vector<std::pair<std::string, ShrinkageChoice>> choices;
  if (learned.single_scale_shrinkage) choices.emplace_back("At one scale", *learned.single_scale_shrinkage);
  if (learned.multi_scale_shrinkage)
    choices.emplace_back("At several scales", *learned.multi_scale_shrinkage);
  return choices;
}

// Called before the photos are described.
void CheckFoldable(const nn::ModelParts& model, const std::vector<double>& scales) {
  if (scales.size() > 1) {
    throw UsageError(
        "--fold: a whitening that is learned at several scales comes after their descriptors have been "
        "averaged, and a network's last layer before; leave out --fold, or take one scale with --scales 1");
  }
  nn::CheckTakesWhitening(model.net.options());
}

void CheckOutputs(const WhitenTask& task, OutputClaims& claims) {
  const OutputRules rules{{task.model.path, task.tuples}, task.overwrite, &claims};
  CheckOutput(task.output, file_kinds::kCheckpoint, rules);
  if (task.report.empty()) return;
  if (task.options.shrinkage != "auto" || task.options.method.starts_with("pca"))
    throw UsageError("--report: shows how --shrinkage auto chose; here nothing is chosen");
  CheckOutput(task.report, file_kinds::kPage, rules);
}

void Store(const LearnedWhitening& learned, const std::string& name, bool fold, nn::ModelParts& model) {
  if (!fold) {
    model.whitenings[name] = learned.whitening;
    model.default_whitening = name;
    return;
  }
  model.net = nn::FoldWhitening(model.net, *learned.whitening.single_scale);
  model.whitenings.clear();  // they were learned from other descriptors
  model.default_whitening.clear();
}

}  // namespace

WhitenedModel Whiten(const WhitenTask& task, const RunContext& context) {
  CheckOptions(task.options);
  OutputClaims claims;
  CheckOutputs(task, claims);
  const Model read = task.model.Read();
  nn::ModelParts model = read.parts();
  const auto [set, root] = ReadLocatedSet(task.tuples, task.photos);
  const ExtractOptions extract = ResolveOptions(
      read, {.image_size = task.size, .preprocessing = task.preprocessing, .scales = task.scales});
  if (task.fold) CheckFoldable(model, extract.scales);
  const std::string store_path = task.output + ".partial";
  if (task.restart) DescriptorStore::Discard(store_path);
  DescriptorStore store(store_path);
  LearnWhiteningOptions options = task.options;
  if (options.scratch.empty()) options.scratch = fs::absolute(task.output).parent_path().string();

  WhitenedModel result{task.name.empty() ? options.method : task.name, {}, ""};
  result.learned = train::LearnWhiteningFromTuples(model.net, set, root, extract, options, context, &store);
  const json shrinkage = ShrinkageOf(result.learned, options);
  result.shrinkage = shrinkage.dump();
  Store(result.learned, result.name, task.fold, model);
  model.preprocessing = extract.preprocessing;
  model.scales = extract.scales;
  model.applies_exif_orientation = extract.apply_exif_orientation;
  json origin = json::parse(model.origin);
  origin["whitening"] = {{"name", result.name},
                         {"method", options.method},
                         {"shrinkage", shrinkage},
                         {"pairs_per_query", options.pairs_per_query},
                         {"dimension", options.dimension},
                         {"folded", task.fold},
                         {"model_sha256", std::exchange(model.file_sha256, "")},
                         {"training_set_sha256", Sha256OfFile(task.tuples)},
                         {"photos", result.learned.photos},
                         {"pairs", result.learned.pairs},
                         {"preprocessing", ToText(extract.preprocessing)},
                         {"scales", extract.scales}};
  model.origin = origin.dump();
  nn::WriteModel(model, task.output);
  if (!task.report.empty()) {
    report::WriteWhiteningReport(fs::path(task.output).filename().string(), ChoicesOf(result.learned),
                                 task.report);
  }
  store.Remove();
  return result;
}

}  // namespace vantage
