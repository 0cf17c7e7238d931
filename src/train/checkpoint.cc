// SPDX-License-Identifier: BSD-3-Clause
#include "train/checkpoint.h"

#include "nn/torch_value.h"
#include "util/check.h"

namespace vantage::train {
namespace {

constexpr int64_t kVersion = 5;

}  // namespace

nn::ModelParts TrainingState::Result() const {
  nn::ModelParts result = model;
  if (average) result.net = average->net();
  return result;
}

void WriteCheckpoint(const std::filesystem::path& path, const TrainingState& state) {
  nn::TorchDict training;
  training.Set("version", {kVersion});
  training.Set("steps_done", {state.steps_done});
  training.Set("skipped_steps", {state.skipped_steps});
  training.Set("gradient_scale", {state.gradient_scale.value});
  training.Set("good_steps", {state.gradient_scale.good_steps});
  training.Set("best_epoch", {state.best.epoch});
  if (state.progress) training.Set("progress", ToTorchValue(*state.progress));
  if (state.average) training.Set("weight_average", state.average->StateDict());

  nn::TorchDict more;
  more.Set("epoch", {state.epochs_done});
  more.Set("min_loss", {state.best.score});
  more.Set("optimizer",
           state.optimizer->StateDict(state.progress ? state.progress->learning_rate : state.learning_rate));
  more.Set("vantage_training", {std::move(training)});
  nn::WriteModel(state.model, path, more);
}

void ReadCheckpoint(const std::filesystem::path& path, const TrainingSet& set, TrainingState& state) {
  const serialize::TorchFile file(path);
  const std::string& source = file.source();
  const auto whole = [&](const serialize::PickleValue& dict, const char* key) {
    return serialize::ToInteger(serialize::Member(dict, key, source), StrCat(source, ": ", key));
  };
  const auto number = [&](const serialize::PickleValue& dict, const char* key) {
    return serialize::ToNumber(serialize::Member(dict, key, source), StrCat(source, ": ", key));
  };
  state.epochs_done = whole(file.root(), "epoch");
  state.best.score = number(file.root(), "min_loss");
  state.optimizer->LoadStateDict(file, serialize::Member(file.root(), "optimizer", source));
  const serialize::PickleValue& training = serialize::Member(file.root(), "vantage_training", source);
  const int64_t version = whole(training, "version");
  VANTAGE_CHECK(version == kVersion, source, ": a checkpoint of version ", version, "; this program reads ",
                kVersion);
  state.steps_done = whole(training, "steps_done");
  state.skipped_steps = whole(training, "skipped_steps");
  state.gradient_scale = {number(training, "gradient_scale"), whole(training, "good_steps")};
  state.best.epoch = whole(training, "best_epoch");
  if (state.average)
    state.average->LoadStateDict(file, serialize::Member(training, "weight_average", source));
  if (const serialize::PickleValue* progress = training.Find("progress"))
    state.progress = ReadEpochProgress(file, *progress, set);
}

}  // namespace vantage::train
