// SPDX-License-Identifier: BSD-3-Clause
#include "train/run_folder.h"

#include <nlohmann/json.hpp>

#include "train/schedules/schedules.h"
#include "train/selection.h"
#include "util/check.h"
#include "util/file.h"

namespace vantage::train {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// Also true if the path is spelled in two ways.
bool IsSamePath(const fs::path& a, const fs::path& b) {
  std::error_code ignored;
  return fs::weakly_canonical(a, ignored) == fs::weakly_canonical(b, ignored);
}

}  // namespace

RunFolder::RunFolder(const fs::path& folder)
    : folder_(folder), lock_(folder / ".lock", "another process trains in this folder") {
  for (const char* files : {"", "checkpoints", "examples"}) RemoveAbandonedFilesIn(folder / files);
}

bool RunFolder::HasCheckpoint() const { return fs::exists(last()); }

fs::path RunFolder::OfEpoch(int64_t epoch) const {
  std::string number = std::to_string(epoch);
  number.insert(0, number.size() < 4 ? 4 - number.size() : 0, '0');
  return folder_ / "checkpoints" / StrCat("epoch-", number, ".pth");
}

bool MayChange(const std::string& key, const TrainOptions& options) {
  if (key == "epochs") return !DependsOnEpochs(options.schedule);
  for (const char* beginning :
       {"compute.device", "compute.batch_pixels", "compute.kept_pixels", "compute.loading_threads",
        "checkpoint.", "data.photos", "data.training_set", "loss.distillation.teacher", "model.weights",
        "optimizer.max_skipped_steps"}) {
    if (key.starts_with(beginning)) return true;
  }
  // The benchmark affects the result only if it selects the best epoch.
  return key.starts_with("evaluation.") && key != "evaluation.best_by" &&
         !SelectsByBenchmark(options.evaluation);
}

void RunFolder::KeepConfig(TrainOptions options) const {
  OptionsDescription description;
  Declare(description, options);
  if (HasCheckpoint() && fs::exists(config())) {
    TrainOptions old;
    OptionsDescription old_description;
    Declare(old_description, old);
    ReadToml(old_description, ReadFile(config()), config().string());
    std::vector<std::string> differences;
    for (const OptionField& field : description.fields()) {
      // Options of a kind that was not chosen have no value; the kind itself differs then.
      const OptionField* old_field = old_description.Find(field.key);
      if (old_field == nullptr || MayChange(field.key, options)) continue;
      const std::string old_value = old_field->ValueText();
      if (field.ValueText() == old_value) continue;
      if (field.key == "evaluation.data" && IsSamePath(options.evaluation.data, old.evaluation.data))
        continue;
      differences.push_back(StrCat(field.key, " = ", old_value, ", not ", field.ValueText()));
    }
    if (!differences.empty()) {
      throw UsageError(StrCat(config().string(), ": the run was started with ", Join(differences, "; "),
                              "; resume it with the old values, or train in another folder"));
    }
  }
  WriteFile(config(), ToToml(description, /*with_comments=*/true));
}

void RunFolder::WriteBest(const nn::ModelParts& model, int64_t epoch) const {
  nn::ModelParts best = model;
  json origin = json::parse(model.origin);
  origin["epoch"] = epoch;
  best.origin = origin.dump();
  nn::WriteModel(best, this->best());
}

void RunFolder::KeepEpoch(int64_t epoch, int keep) const {
  if (keep <= 0) return;
  // Copies, because some file systems have no hard links.
  const fs::path target = OfEpoch(epoch);
  PartialFile copy(target);
  std::error_code error;
  fs::copy_file(last(), copy.path(), fs::copy_options::overwrite_existing, error);
  VANTAGE_CHECK(!error, target.string(), ": cannot be written: ", error.message());
  copy.Commit();
  for (int64_t old = epoch - keep; old >= 0 && fs::remove(OfEpoch(old)); --old) {
  }
}

}  // namespace vantage::train
