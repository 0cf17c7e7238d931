// SPDX-License-Identifier: BSD-3-Clause
#include "train/starting_model.h"

#include <nlohmann/json.hpp>

#include "config/options_json.h"
#include "nn/device.h"
#include "nn/losses/losses.h"
#include "train/teacher.h"
#include "util/check.h"
#include "util/hash.h"
#include "vantage/run_context.h"

namespace vantage::train {
namespace {

using nlohmann::json;

void CheckArchitecture(const nn::ModelParts& model, const ModelOptions& options) {
  const DescriptorNetOptions& have = model.net.options();
  const DescriptorNetOptions want = nn::Simplified(options.net);
  if (have == want) return;
  throw UsageError(
      StrCat(options.weights, ": holds a ", NameOf(have), "; the configuration wants a ", NameOf(want)));
}

json OriginOf(TrainOptions options) {
  OptionsDescription description;
  Declare(description, options);
  json origin;
  origin["vantage"] = Version();
  origin["configuration"] = ToJson(description);
  origin["training_set_sha256"] = Sha256OfFile(options.data.training_set);
  origin["weights_sha256"] = Sha256OfFile(options.model.weights);
  for (const auto& [key, hash] : TeacherHashes(options.loss)) origin[key] = hash;
  return origin;
}

// Throws UsageError unless the model's origin has the same hash, or none. The message: what it is, with its
// hash, "than" what the run was started with.
void CheckSame(const nn::ModelParts& model, const std::string& key, const std::string& now,
               const std::string& what, const char* before, const char* end = "") {
  const std::string then = json::parse(model.origin).value(key, now);
  if (now == then) return;
  throw UsageError(StrCat(what, " (SHA-256 ", now.substr(0, 12), "...) than ", before, " (",
                          then.substr(0, 12), "...)", end));
}

bool MinesWithStartingNet(const TrainOptions& options) { return options.mining.network == "start"; }

}  // namespace

std::optional<nn::DescriptorNet> ReadMiningNet(const TrainOptions& options, const ProcessGroup& group) {
  if (!MinesWithStartingNet(options)) return std::nullopt;
  if (group.size() > 1) throw UsageError("mining.network = start: not with several processes");
  nn::DescriptorNet net = ReadStartingModel(options).net;
  if (!net.IsInitialized())
    throw UsageError("mining.network = start: the network is made when training starts");
  net.To(nn::ParseDevice(options.compute.device));
  return net;
}

nn::ModelParts ReadStartingModel(const TrainOptions& options) {
  if (options.model.weights.empty())
    throw UsageError("the configuration names no model.weights to start from");
  NetWish wish(options.model.net);
  wish.state = options.model.state;
  wish.rename = options.model.rename;
  nn::ModelParts model = nn::ReadModel(options.model.weights, wish);
  CheckArchitecture(model, options.model);
  const nn::TrunkRow& trunk = model.net.trunk().row();
  if (options.model.drop_path > 0 && !trunk.has_tokens)
    throw UsageError(StrCat("model.drop_path: a ", trunk.name, " is not a transformer"));
  const nn::HeadRow& head = model.net.head_row();
  if (options.model.dropout > 0 && !head.has_dropout)
    throw UsageError(StrCat("model.dropout: the head '", head.kind.name, "' has no hidden values"));
  model.preprocessing = TestPreprocessing(options.data);
  model.training_preprocessing = TrainingPreprocessing(options.data);
  model.applies_exif_orientation = options.data.apply_exif_orientation;
  if (model.training_preprocessing->normalization)
    model.net.normalization = *model.training_preprocessing->normalization;
  model.origin = OriginOf(options).dump();
  // A whitening of the network before training does not fit it afterwards.
  model.whitenings.clear();
  model.default_whitening.clear();
  return model;
}

int64_t ContinueTraining(nn::DescriptorNet& net, Optimizer& optimizer, const ModelOptions& options) {
  if (!options.continue_training) return 0;
  const serialize::TorchFile file(options.weights);
  const std::string& source = file.source();
  // cirtorch numbers parameters in the order of its network's layers; this project's optimiser by groups.
  std::vector<std::string> order;
  if (file.root().Find("vantage_training") == nullptr) {
    net.Visit([&](const std::string& name, const at::Tensor&, nn::TensorRole role) {
      if (role != nn::TensorRole::kBuffer) order.push_back(name);
    });
  }
  const serialize::PickleValue* state = file.root().Find("optimizer");
  VANTAGE_CHECK(state != nullptr, source,
                ": holds no optimiser's state to continue with (model.continue_training)");
  optimizer.LoadStateDict(file, *state, order);
  const int64_t epochs =
      serialize::ToInteger(serialize::Member(file.root(), "epoch", source), source + ": epoch");
  VANTAGE_CHECK(epochs >= 0, source, ": epoch ", epochs);
  return epochs;
}

void UseBatchStatistics(nn::DescriptorNet& net, const ModelOptions& options) {
  if (options.batch_norm != "trained") return;
  net.UseBatchStatistics(options.batch_norm_momentum);
  if (net.RunningStatistics().empty()) {
    throw UsageError(StrCat("model.batch_norm: a ", net.options().architecture,
                            " has no batch norm whose weight is trained"));
  }
}

void CheckSameStartingWeights(const nn::ModelParts& model, const TrainOptions& options) {
  if (!MinesWithStartingNet(options)) return;
  CheckSame(model, "weights_sha256", Sha256OfFile(options.model.weights),
            StrCat(options.model.weights, ": holds other weights"), "those that the run was started with",
            ", which mining.network = start describes with");
}

void CheckSameTrainingSet(const nn::ModelParts& model, const TrainOptions& options) {
  CheckSame(model, "training_set_sha256", Sha256OfFile(options.data.training_set),
            StrCat(options.data.training_set, ": is another training set"),
            "the one that the run was started with");
}

void CheckSameTeacher(const nn::ModelParts& model, const TrainOptions& options) {
  for (const auto& [key, now] : TeacherHashes(options.loss)) {
    CheckSame(model, key, now, StrCat(nn::MakeLoss(options.loss).teacher->path, ": is another teacher"),
              "the one that the run was started with");
  }
}

}  // namespace vantage::train
