// SPDX-License-Identifier: BSD-3-Clause
#include "train/parameter_groups.h"

#include <optional>

#include "util/string.h"
#include "vantage/error.h"

namespace vantage::train {
namespace {

// An entry of OptimizerOptions::groups: "features.0. rate=0.1 decay=0".
struct GroupRule {
  std::string text;
  std::string beginning;
  double rate_factor = 1;
  double weight_decay = 0;
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

GroupRule ParseRule(const std::string& text, const OptimizerOptions& options) {
  const std::string what = StrCat("optimizer.groups: '", text, "'");
  std::optional<GroupRule> rule;
  for (const std::string& part : SplitText(text, ' ')) {
    if (part.empty()) continue;
    if (!rule) {
      rule = GroupRule{text, part, 1, options.weight_decay};
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

}  // namespace

std::vector<ParameterGroup> GroupParameters(nn::DescriptorNet& net, const OptimizerOptions& options,
                                            const std::vector<std::string>& freeze) {
  std::vector<GroupRule> rules;
  for (const std::string& text : options.groups) rules.push_back(ParseRule(text, options));
  std::vector<ParameterGroup> groups(2 + rules.size());
  groups[0].weight_decay = options.weight_decay;
  for (size_t i = 0; i < rules.size(); ++i) {
    groups[2 + i].rate_factor = rules[i].rate_factor;
    groups[2 + i].weight_decay = rules[i].weight_decay;
  }
  const auto group_of = [&](const std::string& name, bool is_exponent) -> ParameterGroup& {
    for (size_t i = 0; i < rules.size(); ++i) {
      if (name.starts_with(rules[i].beginning)) return groups[2 + i];
    }
    return groups[is_exponent ? 1 : 0];
  };
  std::vector<bool> used(freeze.size(), false);
  net.Visit([&](const std::string& name, const at::Tensor& tensor, nn::TensorRole role) {
    if (role == nn::TensorRole::kBuffer) return;
    const bool frozen = IsFrozen(name, freeze, used);
    tensor.requires_grad_(!frozen);
    if (frozen) return;
    const bool is_exponent = role == nn::TensorRole::kExponent;
    if (is_exponent) {
      groups[1].rate_factor =
          tensor.numel() == 1 ? options.exponent_rate_factor : options.channel_exponent_rate_factor;
    }
    ParameterGroup& group = group_of(name, is_exponent);
    group.names.push_back(name);
    group.parameters.push_back(tensor);
  });
  for (size_t i = 0; i < freeze.size(); ++i) {
    if (!used[i]) throw UsageError(StrCat("model.freeze: no parameter's name starts with '", freeze[i], "'"));
  }
  for (size_t i = 0; i < rules.size(); ++i) {
    if (!groups[2 + i].names.empty()) continue;
    throw UsageError(StrCat("optimizer.groups: '", rules[i].text,
                            "' matches no trained parameter that an earlier group does not match"));
  }
  std::erase_if(groups, [](const ParameterGroup& group) { return group.parameters.empty(); });
  if (groups.empty()) throw UsageError("model.freeze: nothing is left to train");
  return groups;
}

}  // namespace vantage::train
