// SPDX-License-Identifier: BSD-3-Clause
#include "train/optimizer.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/_foreach_norm.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include <cmath>
#include <map>

#include "train/optimizers/optimizers.h"
#include "train/parameter_groups.h"
#include "util/check.h"

namespace vantage::train {
namespace {

// The constant of torch.nn.utils.clip_grad_norm_.
constexpr double kClipEpsilon = 1e-6;

at::Tensor MakeState(const StateTensor& kind, const at::Tensor& parameter) {
  if (kind.is_scalar) return at::zeros({}, parameter.options().dtype(at::kFloat));
  return at::zeros_like(parameter);
}

// The entry of a dictionary whose keys are integers; null if there is none.
const serialize::PickleValue* Find(const serialize::PickleValue& dict, int64_t key) {
  for (size_t k = 0; k + 1 < dict.items.size(); k += 2) {
    if (dict.items[k]->is(serialize::PickleValue::Kind::kInt) && dict.items[k]->integer == key)
      return dict.items[k + 1];
  }
  return nullptr;
}

}  // namespace

Optimizer::Optimizer(nn::DescriptorNet& net, const OptimizerOptions& options,
                     const std::vector<std::string>& freeze, int freeze_blocks)
    : options_(options),
      rule_(std::make_shared<const OptimizerRule>(MakeOptimizerRule(options.algorithm))),
      groups_(GroupParameters(net, options, freeze, freeze_blocks)) {
  CheckOptions(options);
  const at::NoGradGuard no_grad;
  for (ParameterGroup& group : groups_) {
    for (const at::Tensor& parameter : group.parameters) group.gradients.push_back(at::zeros_like(parameter));
    for (const StateTensor& state : rule_->state) {
      std::vector<at::Tensor>& tensors = group.state.emplace_back();
      for (const at::Tensor& parameter : group.parameters) tensors.push_back(MakeState(state, parameter));
    }
  }
}

std::vector<at::Tensor> Optimizer::Parameters() const {
  std::vector<at::Tensor> parameters;
  for (const ParameterGroup& group : groups_) {
    parameters.insert(parameters.end(), group.parameters.begin(), group.parameters.end());
  }
  return parameters;
}

std::vector<std::string> Optimizer::ParameterNames() const {
  std::vector<std::string> names;
  for (const ParameterGroup& group : groups_) {
    names.insert(names.end(), group.names.begin(), group.names.end());
  }
  return names;
}

void Optimizer::AddGradients(const std::vector<at::Tensor>& gradients) {
  const at::NoGradGuard no_grad;
  size_t i = 0;
  for (ParameterGroup& group : groups_) {
    for (at::Tensor& sum : group.gradients) {
      VANTAGE_CHECK(i < gradients.size(), "fewer gradients than parameters");
      if (gradients[i].defined()) sum.add_(gradients[i]);
      ++i;
    }
  }
  VANTAGE_CHECK(i == gradients.size(), "more gradients than parameters");
}

double Optimizer::ClipGradients() {
  std::vector<at::Tensor> norms;
  for (const ParameterGroup& group : groups_) {
    for (const at::Tensor& norm : at::_foreach_norm(group.gradients)) norms.push_back(norm);
  }
  const auto norm = at::stack(norms).norm().item<double>();
  if (!std::isfinite(norm)) throw NotFinite(StrCat("the norm of the gradient is ", norm));
  const double limit = options_.clip_gradient_norm;
  if (limit > 0 && norm + kClipEpsilon > limit) {
    for (ParameterGroup& group : groups_) {
      for (at::Tensor& gradient : group.gradients) gradient.mul_(limit / (norm + kClipEpsilon));
    }
  }
  return norm;
}

void Optimizer::ClearGradients() {
  for (ParameterGroup& group : groups_) {
    for (at::Tensor& gradient : group.gradients) gradient.zero_();
  }
}

double Optimizer::Step(double learning_rate) {
  const at::NoGradGuard no_grad;
  double norm = 0;
  try {
    norm = ClipGradients();
  } catch (const NotFinite&) {
    ClearGradients();
    throw;
  }
  for (ParameterGroup& group : groups_) {
    rule_->step(group, learning_rate * group.rate_factor);
  }
  ClearGradients();
  return norm;
}

nn::TorchValue Optimizer::StateDict(double learning_rate) const {
  const std::vector<StateTensor>& kinds = rule_->state;
  nn::TorchDict state;
  std::vector<nn::TorchValue> param_groups;
  int64_t index = 0;
  for (const ParameterGroup& group : groups_) {
    std::vector<nn::TorchValue> indices;
    for (size_t i = 0; i < group.parameters.size(); ++i) {
      nn::TorchDict entry;
      for (size_t k = 0; k < kinds.size(); ++k) entry.Set(kinds[k].name, {group.state[k][i]});
      state.items.emplace_back(nn::TorchValue{index}, nn::TorchValue{std::move(entry)});
      indices.push_back({index++});
    }
    nn::TorchDict entry;
    entry.Set("lr", {learning_rate * group.rate_factor});
    entry.Set("weight_decay", {group.weight_decay});
    rule_->write_options(entry);
    entry.Set("params", {std::move(indices)});
    param_groups.push_back({std::move(entry)});
  }
  nn::TorchDict dict;
  dict.Set("state", {std::move(state)});
  dict.Set("param_groups", {std::move(param_groups)});
  return {std::move(dict)};
}

void Optimizer::LoadStateDict(const serialize::TorchFile& file, const serialize::PickleValue& state,
                              const std::vector<std::string>& order) {
  const at::NoGradGuard no_grad;
  const std::string what = "optimizer";
  const std::vector<StateTensor>& kinds = rule_->state;
  const serialize::PickleValue& entries = serialize::Member(state, "state", file.source() + ": " + what);
  VANTAGE_CHECK(entries.is(serialize::PickleValue::Kind::kDict), file.source(), ": ", what, ": state is a ",
                serialize::KindName(entries));
  if (kinds.empty()) return;
  const std::vector<std::string> names = order.empty() ? ParameterNames() : order;
  std::map<std::string, int64_t> index_of;
  for (size_t i = 0; i < names.size(); ++i) index_of[names[i]] = static_cast<int64_t>(i);
  for (ParameterGroup& group : groups_) {
    for (size_t i = 0; i < group.parameters.size(); ++i) {
      const auto numbered = index_of.find(group.names[i]);
      VANTAGE_CHECK(numbered != index_of.end(), file.source(), ": ", what, ": no state of ", group.names[i]);
      const int64_t index = numbered->second;
      const serialize::PickleValue* entry = Find(entries, index);
      VANTAGE_CHECK(entry != nullptr, file.source(), ": ", what, ": no state of parameter ", index);
      for (size_t k = 0; k < kinds.size(); ++k) {
        const std::string name = StrCat(what, ": parameter ", index, ": ", kinds[k].name);
        const at::Tensor value =
            nn::ReadTensor(file, serialize::Member(*entry, kinds[k].name, file.source() + ": " + name), name);
        VANTAGE_CHECK(value.sizes() == group.state[k][i].sizes(), file.source(), ": ", name,
                      " has another shape than the parameter");
        group.state[k][i].copy_(value);
      }
    }
  }
}

}  // namespace vantage::train
