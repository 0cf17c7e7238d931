// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <filesystem>
#include <tuple>

#include "nn/model_file.h"
#include "train/initialize.h"
#include "training_set/cirtorch_import.h"
#include "util/log.h"
#include "util/output.h"
#include "util/string.h"
#include "vantage/error.h"
#include "vantage/pipeline.h"

namespace vantage {
namespace {

namespace fs = std::filesystem;

std::string EndingOf(const fs::path& path) { return ToLower(path.extension().string()); }

bool IsOfTrainingSets(const ConvertTask& task) {
  return EndingOf(task.input.path) == ".db" || EndingOf(task.output) == ".db";
}

std::string FormatOf(const ConvertTask& task) {
  if (!task.format.empty()) return task.format;
  if (fs::is_directory(task.input.path)) return "binary";
  return EndingOf(task.output) == ".safetensors" ? "safetensors" : "checkpoint";
}

// Refuses options whose effect the file that is written cannot hold.
void CheckModelOptions(const ConvertTask& task) {
  const bool is_model = !fs::is_directory(task.input.path) && !IsOfTrainingSets(task);
  const std::string format = FormatOf(task);
  const bool has_meta = is_model && (format == "checkpoint" || format == "safetensors");
  const std::tuple<const char*, bool, bool> options[] = {
      {"--licence", !task.licence.empty(), has_meta},
      {"--preprocessing", !task.preprocessing.empty(), has_meta},
      {"--exif-orientation", !task.exif_orientation.empty(), has_meta},
      {"--fit-head", !task.fit_head.empty(), is_model}};
  for (const auto& [name, is_set, is_kept] : options) {
    if (is_set && !is_kept)
      throw UsageError(StrCat(name, ": ", task.output, is_model ? StrCat(" of the format ", format) : "",
                              " cannot hold it; a model's checkpoint or safetensors can"));
  }
}

void CheckConversion(const ConvertTask& task, const OutputRules& rules) {
  const std::string& format = task.format;
  CheckModelOptions(task);
  if (!task.exif_orientation.empty() && task.exif_orientation != "apply" && task.exif_orientation != "ignore")
    throw UsageError(StrCat("--exif-orientation: apply or ignore, not '", task.exif_orientation, "'"));
  if (fs::is_directory(task.input.path)) {
    if (!format.empty() && format != "binary" && format != "text") {
      throw UsageError(StrCat("--format: a COLMAP model is written as binary or text, not '", format, "'"));
    }
    return CheckOutputFolder(task.output, rules);
  }
  if (IsOfTrainingSets(task)) {
    return CheckOutput(task.output,
                       EndingOf(task.output) == ".db" ? file_kinds::kSqlite : file_kinds::kPickle, rules);
  }
  const std::vector<std::string> known = Model::Formats();
  if (!format.empty() && std::find(known.begin(), known.end(), format) == known.end()) {
    throw UsageError(StrCat("unknown format '", format, "' of a model; known are ", Join(known, ", ")));
  }
  CheckOutput(task.output,
              FormatOf(task) == "safetensors" ? file_kinds::kSafetensors : file_kinds::kCheckpoint, rules);
}

// Computes the weights of the model's head that come from photos.
void FitHead(const std::vector<std::string>& photos, Model& model, const RunContext& context) {
  nn::DescriptorNet& net = model.parts().net;
  const std::string name = NameOf(net.options());
  if (net.IsInitialized()) throw UsageError(StrCat("--fit-head: a ", name, " has all of its weights"));
  std::vector<fs::path> paths;
  for (const PhotoRequest& photo : ListPhotos(photos).requests) paths.emplace_back(photo.path);
  const train::InitializedLocals made =
      train::InitializeLocals(net, paths, ResolveOptions(model, {}), {}, 0, context);
  for (const std::string& reason : made.failed) LogWarning(reason, "; left out");
  if (made.locals == 0 && made.explained_variance == 0)
    throw UsageError(
        StrCat("--fit-head: a ", name, " must be trained: photos alone do not give its weights"));
  LogInfo("fitted to ", made.locals, " local features of ", made.photos, " photos");
}

}  // namespace

std::string Convert(const ConvertTask& task, const RunContext& context) {
  OutputClaims claims;
  CheckConversion(task, {{task.input.path}, task.overwrite, &claims});
  context.CheckCancelled();
  if (IsOfTrainingSets(task)) {
    training_set::ConvertTrainingSet(task.input.path, task.output);
    return "";
  }
  if (fs::is_directory(task.input.path)) {
    const std::string format = FormatOf(task);
    WriteColmapModel(ReadColmapModel(task.input.path), task.output,
                     format == "binary" ? ModelFormat::kBinary : ModelFormat::kText);
    return format;
  }
  Model model = task.input.Read();
  if (!task.licence.empty()) model.SetLicence(task.licence);
  if (!task.preprocessing.empty()) {
    model.parts().preprocessing = ParsePreprocessing(task.preprocessing);
    model.parts().file_sha256.clear();
  }
  if (!task.exif_orientation.empty()) {
    model.parts().applies_exif_orientation = task.exif_orientation == "apply";
    model.parts().file_sha256.clear();
  }
  if (!task.fit_head.empty()) {
    FitHead(task.fit_head, model, context);
    model.parts().file_sha256.clear();
  }
  model.Write(task.output, FormatOf(task));
  return FormatOf(task);
}

}  // namespace vantage
