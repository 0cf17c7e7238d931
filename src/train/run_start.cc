// SPDX-License-Identifier: BSD-3-Clause
#include "train/run_start.h"

#include <unistd.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "nn/device.h"
#include "train/initialize.h"
#include "train/starting_model.h"
#include "util/file.h"
#include "util/hash.h"
#include "util/log.h"
#include "vantage/error.h"
#include "vantage/run_context.h"
#include "vantage/training.h"

namespace vantage::train {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr const char* kGoesOn = "goes on";
constexpr const char* kBegins = "begins";

// A file of this process's own that goes with the object.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& name)
      : path_(fs::temp_directory_path() / StrCat("vantage-", ::getpid(), "-", name)) {}
  ~TemporaryFile() {
    std::error_code ignored;
    fs::remove(path_, ignored);
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

// Throws where this process would train with other options or on another set than process 0.
void CheckSameAsFirst(TrainOptions options, const ProcessGroup& group) {
  if (group.size() == 1) return;
  OptionsDescription description;
  Declare(description, options);
  json own = {{"training_set", Sha256OfFile(options.data.training_set)}, {"options", json::object()}};
  for (const OptionField& field : description.fields()) own["options"][field.key] = field.ValueText();
  const json first = json::parse(group.Broadcast(own.dump(-1, ' ', false, json::error_handler_t::replace)));
  for (const auto& [key, value] : own["options"].items()) {
    const json& of_first = first["options"].contains(key) ? first["options"][key] : json();
    // All processes must skip the same steps.
    const bool may_differ = MayChange(key, options) && key != "optimizer.max_skipped_steps";
    if (value == of_first || may_differ) continue;
    throw UsageError(StrCat("process ", group.rank(), " has ", key, " = ", value.get<std::string>(),
                            ", process 0 has ",
                            of_first.is_null() ? "no such option" : of_first.get<std::string>()));
  }
  if (own["training_set"] != first["training_set"]) {
    throw UsageError(StrCat(options.data.training_set, ": is another training set than that of process 0"));
  }
}

RunStart MakeStart(nn::ModelParts model, const TrainOptions& options) {
  RunStart start{std::move(model), nullptr, std::nullopt, {}, false};
  start.model.net.To(nn::ParseDevice(options.compute.device));
  start.optimizer = std::make_unique<Optimizer>(start.model.net, options.optimizer, options.model.freeze);
  UseBatchStatistics(start.model.net, options.model);
  if (options.weight_average_decay > 0) start.average.emplace(start.model.net, options.weight_average_decay);
  return start;
}

WeightAverage* AverageOf(RunStart& start) { return start.average ? &*start.average : nullptr; }

// Of a network of local features whose weights are those of a trunk alone. The first checkpoint keeps it.
void Initialize(nn::DescriptorNet& net, const TrainOptions& options, const TrainingData& data,
                const RunContext& context) {
  net.To(nn::ParseDevice(options.compute.device));
  const InitializedLocals made = InitializeLocals(net, data.set(), data.photo_root(), data.extract(),
                                                  options.initialization, options.seed, context);
  for (const std::string& reason : made.failed) LogWarning(reason, "; left out");
  LogInfo("initialised on ", made.photos, " photos: ", made.locals,
          " local features, mean squared distance to their centres ",
          FormatFixed(made.mean_squared_distance, 4), ", share of the variance that the projection keeps ",
          FormatFixed(made.explained_variance, 4));
}

RunStart ReadStart(const TrainOptions& options, const TrainingData& data, const RunFolder& folder,
                   bool resume, const RunContext& context) {
  if (!resume && folder.HasCheckpoint()) {
    throw UsageError(StrCat(folder.last().string(),
                            ": a run stands here already; go on with --resume, or choose another folder"));
  }
  const bool goes_on = resume && folder.HasCheckpoint();
  nn::ModelParts model = goes_on ? folder.ReadModelOfCheckpoint() : ReadStartingModel(options);
  if (!model.net.IsInitialized()) Initialize(model.net, options, data, context);
  RunStart start = MakeStart(std::move(model), options);
  start.goes_on = goes_on;
  if (goes_on) {
    CheckSameTrainingSet(start.model, options);
    CheckSameStartingWeights(start.model, options);
    start.state = ReadCheckpoint(folder.last(), *start.optimizer, AverageOf(start), data.set());
    folder.KeepConfig(options);
  } else {
    folder.KeepConfig(options);
    start.state.epochs_done = ContinueTraining(start.model.net, *start.optimizer, options.model);
  }
  return start;
}

// What process 0 begins with, as a checkpoint for the others.
std::string BytesOf(RunStart& start) {
  const TemporaryFile file("start.pth");
  WriteCheckpoint(file.path(), start.model, *start.optimizer, AverageOf(start), /*learning_rate=*/0,
                  start.state);
  return ReadFile(file.path());
}

RunStart StartFrom(const std::string& bytes, bool goes_on, const TrainOptions& options,
                   const TrainingSet& set) {
  const TemporaryFile file("start.pth");
  WriteFile(file.path(), bytes);
  RunStart start = MakeStart(nn::ReadModel(file.path()), options);
  start.goes_on = goes_on;
  start.state = ReadCheckpoint(file.path(), *start.optimizer, AverageOf(start), set);
  return start;
}

}  // namespace

RunStart StartRun(const TrainOptions& options, const TrainingData& data, const RunFolder* folder, bool resume,
                  const ProcessGroup& group, const RunContext& context) {
  CheckSameAsFirst(options, group);
  if (!group.IsFirst()) {
    const bool goes_on = group.Broadcast("") == kGoesOn;
    return StartFrom(group.Broadcast(""), goes_on, options, data.set());
  }
  RunStart start = ReadStart(options, data, *folder, resume, context);
  if (group.size() > 1) {
    group.Broadcast(start.goes_on ? kGoesOn : kBegins);
    group.Broadcast(BytesOf(start));
  }
  if (start.goes_on) {
    LogInfo("going on after epoch ", start.state.epochs_done,
            start.state.progress
                ? StrCat(" and ",
                         start.state.progress->earlier + static_cast<int64_t>(start.state.progress->next),
                         " tuples")
                : "");
  }
  return start;
}

}  // namespace vantage::train
