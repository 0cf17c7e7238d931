// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <filesystem>

#include "training_set/cirtorch_import.h"
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

void CheckConversion(const ConvertTask& task, const OutputRules& rules) {
  const std::string& format = task.format;
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
  model.Write(task.output, FormatOf(task));
  return FormatOf(task);
}

}  // namespace vantage
