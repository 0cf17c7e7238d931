// SPDX-License-Identifier: BSD-3-Clause
#include "train/run_start.h"

#include <unistd.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "nn/device.h"
#include "train/initialize.h"
#include "train/starting_model.h"
#include "train/teacher.h"
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

// What process 0 sends to the others before the state.
constexpr const char* kResumed = "resumed";
constexpr const char* kNew = "new";

// The path of a file of this process, which the destructor deletes.
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

// Throws UsageError if this process has other options or another training set than process 0.
void CheckSameAsFirst(TrainOptions options, const ProcessGroup& group) {
  if (group.size() == 1) return;
  OptionsDescription description;
  Declare(description, options);
  json own = {{"training_set", Sha256OfFile(options.data.training_set)},
              {"teacher", TeacherHashes(options.loss)},
              {"options", json::object()}};
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
  if (own["teacher"] != first["teacher"])
    throw UsageError(StrCat("process ", group.rank(), " has another teacher than process 0"));
}

TrainingState StateBeforeTraining(nn::ModelParts model, const TrainOptions& options) {
  TrainingState state{.model = std::move(model)};
  state.model.net.To(nn::ParseDevice(options.compute.device));
  state.optimizer = std::make_unique<Optimizer>(state.model.net, options.optimizer, options.model.freeze,
                                                options.model.freeze_blocks);
  UseBatchStatistics(state.model.net, options.model);
  if (TakesFloat16(options.compute)) state.gradient_scale = GradientScale::OfFloat16();
  if (options.weight_average_decay > 0) state.average.emplace(state.model.net, options.weight_average_decay);
  return state;
}

// Initialises the head of a network whose weights are those of a trunk alone.
void Initialize(nn::DescriptorNet& net, const TrainOptions& options, const TrainingData& data,
                const RunContext& context) {
  net.To(nn::ParseDevice(options.compute.device));
  const InitializedLocals made = InitializeLocals(net, data.set(), data.photo_root(), data.extract(),
                                                  options.initialization, options.seed, context);
  for (const std::string& reason : made.failed) LogWarning(reason, "; left out");
  if (made.locals == 0 && made.explained_variance == 0) return LogInfo("initialised the head at random");
  LogInfo("initialised on ", made.photos, " photos: ", made.locals,
          " local features, mean squared distance to their centres ",
          FormatFixed(made.mean_squared_distance, 4), ", share of the variance that the projection keeps ",
          FormatFixed(made.explained_variance, 4));
}

RunStart ReadStart(const TrainOptions& options, const TrainingData& data, const RunFolder& folder,
                   bool resume, const RunContext& context) {
  if (!resume && folder.HasCheckpoint()) {
    throw UsageError(StrCat(folder.last().string(),
                            ": holds a run already; resume it with --resume, or choose another folder"));
  }
  const bool resumed = resume && folder.HasCheckpoint();
  nn::ModelParts model = resumed ? nn::ReadModel(folder.last()) : ReadStartingModel(options);
  if (!model.net.IsInitialized()) Initialize(model.net, options, data, context);
  RunStart start{StateBeforeTraining(std::move(model), options), resumed};
  TrainingState& state = start.state;
  if (resumed) {
    CheckSameTrainingSet(state.model, options);
    CheckSameStartingWeights(state.model, options);
    CheckSameTeacher(state.model, options);
    ReadCheckpoint(folder.last(), data.set(), state);
    folder.KeepConfig(options);
  } else {
    folder.KeepConfig(options);
    state.epochs_done = ContinueTraining(state.model.net, *state.optimizer, options.model);
  }
  return start;
}

// The state of process 0, as a checkpoint for the others.
std::string BytesOf(const TrainingState& state) {
  const TemporaryFile file("start.pth");
  WriteCheckpoint(file.path(), state);
  return ReadFile(file.path());
}

TrainingState StateFrom(const std::string& bytes, const TrainOptions& options, const TrainingSet& set) {
  const TemporaryFile file("start.pth");
  WriteFile(file.path(), bytes);
  TrainingState state = StateBeforeTraining(nn::ReadModel(file.path()), options);
  ReadCheckpoint(file.path(), set, state);
  return state;
}

}  // namespace

RunStart StartRun(const RunInputs& inputs, const RunFolder* folder, bool resume) {
  const TrainOptions& options = inputs.options;
  const ProcessGroup& group = inputs.group;
  CheckSameAsFirst(options, group);
  if (!group.IsFirst()) {
    const bool resumed = group.Broadcast("") == kResumed;
    return {StateFrom(group.Broadcast(""), options, inputs.data.set()), resumed};
  }
  RunStart start = ReadStart(options, inputs.data, *folder, resume, inputs.context);
  if (group.size() > 1) {
    group.Broadcast(start.resumed ? kResumed : kNew);
    group.Broadcast(BytesOf(start.state));
  }
  if (start.resumed) {
    const std::optional<EpochProgress>& progress = start.state.progress;
    LogInfo(
        "resuming after epoch ", start.state.epochs_done,
        progress ? StrCat(" and ", progress->earlier + static_cast<int64_t>(progress->next), " tuples") : "");
  }
  return start;
}

}  // namespace vantage::train
