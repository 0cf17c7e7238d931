// SPDX-License-Identifier: BSD-3-Clause
#include "train/run_folder.h"

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "train/schedules/schedules.h"
#include "util/check.h"
#include "util/file.h"

namespace vantage::train {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr int64_t kStateVersion = 5;

// Also if they are spelled in two ways.
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
        "checkpoint.", "data.photos", "data.training_set", "model.weights", "optimizer.max_skipped_steps"}) {
    if (key.starts_with(beginning)) return true;
  }
  // Watching a benchmark changes what is best only where that is what counts.
  return key.starts_with("evaluation.") && key != "evaluation.best_by" &&
         options.evaluation.best_by != "benchmark";
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

void RunFolder::WriteLast(nn::ModelParts& model, const Optimizer& optimizer, const WeightAverage* average,
                          double learning_rate, const RunState& state) const {
  WriteCheckpoint(last(), model, optimizer, average, learning_rate, state);
}

void WriteCheckpoint(const fs::path& path, nn::ModelParts& model, const Optimizer& optimizer,
                     const WeightAverage* average, double learning_rate, const RunState& state) {
  nn::TorchDict training;
  training.Set("version", {kStateVersion});
  training.Set("steps_done", {state.steps_done});
  training.Set("skipped_steps", {state.skipped_steps});
  training.Set("gradient_scale", {state.gradient_scale.value});
  training.Set("good_steps", {state.gradient_scale.good_steps});
  training.Set("best_epoch", {state.best_epoch});
  if (state.progress) training.Set("progress", ToTorchValue(*state.progress));
  if (average != nullptr) training.Set("weight_average", average->StateDict());

  nn::TorchDict more;
  more.Set("epoch", {state.epochs_done});
  more.Set("min_loss", {state.best_score});
  more.Set("optimizer", optimizer.StateDict(learning_rate));
  more.Set("vantage_training", {std::move(training)});
  nn::WriteModel(model, path, more);
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
  // A copy, not a link: some file systems have none.
  const fs::path target = OfEpoch(epoch);
  PartialFile copy(target);
  std::error_code error;
  fs::copy_file(last(), copy.path(), fs::copy_options::overwrite_existing, error);
  VANTAGE_CHECK(!error, target.string(), ": cannot be written: ", error.message());
  copy.Commit();
  for (int64_t old = epoch - keep; old >= 0 && fs::remove(OfEpoch(old)); --old) {
  }
}

RunState ReadCheckpoint(const fs::path& path, Optimizer& optimizer, WeightAverage* average,
                        const TrainingSet& set) {
  const serialize::TorchFile file(path);
  const std::string& source = file.source();
  RunState state;
  state.epochs_done =
      serialize::ToInteger(serialize::Member(file.root(), "epoch", source), source + ": epoch");
  state.best_score =
      serialize::ToNumber(serialize::Member(file.root(), "min_loss", source), source + ": min_loss");
  optimizer.LoadStateDict(file, serialize::Member(file.root(), "optimizer", source));
  const serialize::PickleValue& training = serialize::Member(file.root(), "vantage_training", source);
  const int64_t version =
      serialize::ToInteger(serialize::Member(training, "version", source), source + ": version");
  VANTAGE_CHECK(version == kStateVersion, source, ": a checkpoint of version ", version,
                "; this program reads ", kStateVersion);
  state.steps_done =
      serialize::ToInteger(serialize::Member(training, "steps_done", source), source + ": steps_done");
  state.skipped_steps =
      serialize::ToInteger(serialize::Member(training, "skipped_steps", source), source + ": skipped_steps");
  state.gradient_scale = {
      serialize::ToNumber(serialize::Member(training, "gradient_scale", source), source + ": gradient_scale"),
      serialize::ToInteger(serialize::Member(training, "good_steps", source), source + ": good_steps")};
  state.best_epoch =
      serialize::ToInteger(serialize::Member(training, "best_epoch", source), source + ": best_epoch");
  if (average != nullptr) average->LoadStateDict(file, serialize::Member(training, "weight_average", source));
  if (const serialize::PickleValue* progress = training.Find("progress"))
    state.progress = ReadEpochProgress(file, *progress, set);
  return state;
}

}  // namespace vantage::train
