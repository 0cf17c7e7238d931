// SPDX-License-Identifier: BSD-3-Clause
#include "train/parameter_groups.h"

#include <cmath>
#include <map>
#include <optional>
#include <tuple>

#include "util/string.h"
#include "vantage/error.h"

namespace vantage::train {
namespace {

// An entry of OptimizerOptions::groups: "features.0. rate=0.1 decay=0".
struct GroupRule {
  std::string text;
  std::string beginning;
  double rate_factor = 1;
  std::optional<double> weight_decay;
};

double ParseFactor(std::string_view text, const std::string& what) {
  double value = -1;
  try {
    value = ParseDouble(text, what);
  } catch (const Error& error) {
    throw UsageError(error.what());
  }
  if (!(value >= 0)) throw UsageError(StrCat(what, ": ", text, " is below 0"));
  return value;
}

GroupRule ParseRule(const std::string& text) {
  const std::string what = StrCat("optimizer.groups: '", text, "'");
  std::optional<GroupRule> rule;
  for (const std::string& part : SplitText(text, ' ')) {
    if (part.empty()) continue;
    if (!rule) {
      rule = GroupRule{text, part};
    } else if (part.starts_with("rate=")) {
      rule->rate_factor = ParseFactor(std::string_view(part).substr(5), what);
    } else if (part.starts_with("decay=")) {
      rule->weight_decay = ParseFactor(std::string_view(part).substr(6), what);
    } else {
      throw UsageError(StrCat(what, ": '", part, "' is neither rate=FACTOR nor decay=DECAY"));
    }
  }
  if (!rule) throw UsageError("optimizer.groups: an entry is empty");
  return *rule;
}

// Whether the name starts with an entry of `freeze`. Marks all such entries in `used`.
bool IsFrozen(const std::string& name, const std::vector<std::string>& freeze, std::vector<bool>& used) {
  bool frozen = false;
  for (size_t i = 0; i < freeze.size(); ++i) {
    if (!name.starts_with(freeze[i])) continue;
    used[i] = true;
    frozen = true;
  }
  return frozen;
}

// Depth of each parameter of the trunk (Trunk::Depths), by its name in the network.
std::map<std::string, int> DepthsIn(const nn::DescriptorNet& net) {
  std::map<std::string, int> depths;
  for (const auto& [name, depth] : net.trunk().Depths()) depths[net.NameOfTrunk(name)] = depth;
  return depths;
}

// Biases, norms and scales, and a transformer's tokens and positions, which are 1 x N x C.
bool IsVector(const at::Tensor& tensor) {
  return tensor.dim() <= 1 || (tensor.dim() == 3 && tensor.size(0) == 1);
}

bool VectorsDecay(const OptimizerOptions& options, const nn::DescriptorNet& net) {
  if (options.decay_vectors == "auto") return !net.trunk().row().has_tokens;
  return options.decay_vectors == "yes";
}

// What the parameters of a group have in common, in the order of groups.
struct GroupKey {
  size_t kind = 0;  // 0: no rule and no exponent; 1: an exponent; 2 + i: rule i
  bool decays = true;
  int depth = 0;  // 0 if the rate does not depend on it

  auto AsTuple() const { return std::tuple(kind, !decays, depth); }
  bool operator<(const GroupKey& other) const { return AsTuple() < other.AsTuple(); }
};

}  // namespace

std::vector<ParameterGroup> GroupParameters(nn::DescriptorNet& net, const OptimizerOptions& options,
                                            const std::vector<std::string>& freeze, int freeze_blocks) {
  std::vector<GroupRule> rules;
  for (const std::string& text : options.groups) rules.push_back(ParseRule(text));
  const int stages = net.trunk().stages();
  if (freeze_blocks > stages) {
    throw UsageError(StrCat("model.freeze_blocks = ", freeze_blocks, ": a ", net.options().architecture,
                            " has ", stages, " blocks"));
  }
  const std::map<std::string, int> depths = DepthsIn(net);
  const auto depth_of = [&](const std::string& name) {
    const auto found = depths.find(name);
    return found == depths.end() ? stages + 1 : found->second;  // a head's
  };
  const bool vectors_decay = VectorsDecay(options, net);
  const auto key_of = [&](const std::string& name, const at::Tensor& tensor, nn::TensorRole role) {
    GroupKey key{.kind = role == nn::TensorRole::kExponent ? 1U : 0U};
    for (size_t i = rules.size(); i-- > 0;) {
      if (name.starts_with(rules[i].beginning)) key.kind = 2 + i;
    }
    if (key.kind != 1) key.decays = vectors_decay || !IsVector(tensor);
    if (options.layer_decay != 1) key.depth = depth_of(name);
    return key;
  };
  const auto settle = [&](ParameterGroup& group, const GroupKey& key, const at::Tensor& tensor) {
    group.weight_decay = key.decays ? options.weight_decay : 0;
    group.rate_factor = 1;
    if (key.kind == 1) {
      group.weight_decay = 0;
      group.rate_factor =
          tensor.numel() == 1 ? options.exponent_rate_factor : options.channel_exponent_rate_factor;
    } else if (key.kind >= 2) {
      const GroupRule& rule = rules[key.kind - 2];
      group.rate_factor = rule.rate_factor;
      if (rule.weight_decay) group.weight_decay = *rule.weight_decay;
    }
    if (options.layer_decay != 1) group.rate_factor *= std::pow(options.layer_decay, stages + 1 - key.depth);
  };
  std::map<GroupKey, ParameterGroup> groups;
  std::vector<bool> used(freeze.size(), false);
  net.Visit([&](const std::string& name, const at::Tensor& tensor, nn::TensorRole role) {
    if (role == nn::TensorRole::kBuffer) return;
    const bool frozen =
        IsFrozen(name, freeze, used) || (freeze_blocks > 0 && depth_of(name) <= freeze_blocks);
    tensor.requires_grad_(!frozen);
    if (frozen) return;
    const GroupKey key = key_of(name, tensor, role);
    ParameterGroup& group = groups[key];
    settle(group, key, tensor);
    group.names.push_back(name);
    group.parameters.push_back(tensor);
  });
  for (size_t i = 0; i < freeze.size(); ++i) {
    if (!used[i]) throw UsageError(StrCat("model.freeze: no parameter's name starts with '", freeze[i], "'"));
  }
  std::vector<bool> applies(rules.size(), false);
  std::vector<ParameterGroup> result;
  for (auto& [key, group] : groups) {
    if (key.kind >= 2) applies[key.kind - 2] = true;
    result.push_back(std::move(group));
  }
  for (size_t i = 0; i < rules.size(); ++i) {
    if (applies[i]) continue;
    throw UsageError(StrCat("optimizer.groups: '", rules[i].text,
                            "' matches no trained parameter that an earlier group does not match"));
  }
  if (result.empty()) throw UsageError("model.freeze: nothing is left to train");
  return result;
}

}  // namespace vantage::train
