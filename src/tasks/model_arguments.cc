// SPDX-License-Identifier: BSD-3-Clause
#include "tasks/model_arguments.h"

#include <filesystem>
#include <nlohmann/json.hpp>

#include "util/string.h"
#include "vantage/error.h"

namespace vantage::tasks {

void DeclareState(Arguments& arguments, NetWish& wish) {
  arguments.Option(
      "--state", wish.state,
      "If the model's file holds several networks: the beginning of the names of the wanted one's "
      "tensors, with the keys of their dictionaries, as in state_dict_ema or teacher.backbone");
  arguments.Option(
      "--rename", wish.rename,
      "FROM=TO: tensors whose names, as 'vantage info --tensors' lists them, begin with FROM are "
      "read under names that begin with TO (may be repeated)");
}

ModelArguments::ModelArguments(ModelSource& source) : source_(source) { vantage::Declare(net_, source.net); }

void ModelArguments::Declare(Arguments& arguments, const std::string& names, const std::string& help) {
  arguments.Input(names, source_.path, help + "; --head defines the layers after the trunk of bare weights");
  arguments.Options(net_);
  arguments.Option(
      "--allow-missing", source_.allow_missing,
      "Beginning of names of tensors that may be missing in the file, or unknown to the network (may be "
      "repeated)");
  DeclareState(arguments, source_.net);
}

std::string InstalledWeights() {
  constexpr const char* kName = "efficientnet_lite0.pth";
  const std::filesystem::path program = std::filesystem::canonical("/proc/self/exe").parent_path();
  // PREFIX/bin and PREFIX/share; build/release/apps and build/weights.
  for (const char* folder : {"../share/vantage", "../../weights"}) {
    const std::filesystem::path weights = (program / folder / kName).lexically_normal();
    if (std::filesystem::exists(weights)) return weights.string();
  }
  throw UsageError(StrCat("--model: which model describes the photos; the default, ", kName,
                          ", is not installed (scripts/setup fetches it)"));
}

void AddFailed(const std::vector<FailedPhoto>& failed, Result& result) {
  nlohmann::json& values = result.values["failed"] = nlohmann::json::array();
  for (const FailedPhoto& photo : failed) values.push_back({{"name", photo.name}, {"reason", photo.reason}});
  if (!failed.empty()) result.Line("{failed:n} photos skipped:").Lines("failed", "  {reason}");
}

}  // namespace vantage::tasks
