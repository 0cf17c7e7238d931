// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/train/adam.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/_fused_adam.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include "vantage/util/error.h"

namespace vantage {

Adam::Adam(DescriptorNet& net, const OptimizerOptions& options) : options_(options), groups_(2) {
  groups_[0].weight_decay = options.weight_decay;
  groups_[1].rate_factor = options.exponent_rate_factor;
  net.Visit([&](const std::string& name, at::Tensor& tensor, TensorRole role) {
    if (role != TensorRole::kParameter) return;
    tensor.requires_grad_(true);
    Group& group = groups_[IsExponent(name) ? 1 : 0];
    group.parameters.push_back(tensor);
    group.means.push_back(at::zeros_like(tensor).detach());
    group.squares.push_back(at::zeros_like(tensor).detach());
    group.steps.push_back(at::zeros({}));
  });
  std::erase_if(groups_, [](const Group& group) { return group.parameters.empty(); });
}

std::vector<at::Tensor> Adam::Parameters() const {
  std::vector<at::Tensor> parameters;
  for (const Group& group : groups_) {
    parameters.insert(parameters.end(), group.parameters.begin(), group.parameters.end());
  }
  return parameters;
}

void Adam::AddGradients(const std::vector<at::Tensor>& gradients) {
  const at::NoGradGuard no_grad;
  const std::vector<at::Tensor> parameters = Parameters();
  for (size_t i = 0; i < parameters.size(); ++i) {
    if (!gradients[i].defined()) continue;
    at::Tensor& sum = parameters[i].mutable_grad();
    if (sum.defined()) {
      sum.add_(gradients[i]);
    } else {
      sum = gradients[i].clone();
    }
  }
}

void Adam::Step(double learning_rate) {
  const at::NoGradGuard no_grad;
  for (Group& group : groups_) {
    // A parameter without gradient, such as that of an unused branch, is left as it is.
    std::vector<at::Tensor> parameters;
    std::vector<at::Tensor> gradients;
    std::vector<at::Tensor> means;
    std::vector<at::Tensor> squares;
    std::vector<at::Tensor> steps;
    for (size_t i = 0; i < group.parameters.size(); ++i) {
      if (!group.parameters[i].grad().defined()) continue;
      parameters.push_back(group.parameters[i]);
      gradients.push_back(group.parameters[i].grad());
      means.push_back(group.means[i]);
      squares.push_back(group.squares[i]);
      steps.push_back(group.steps[i].add_(1));
    }
    if (parameters.empty()) continue;
    at::_fused_adam_(parameters, gradients, means, squares, /*max_exp_avg_sqs=*/{}, steps,
                     learning_rate * group.rate_factor, options_.beta1, options_.beta2, group.weight_decay,
                     options_.epsilon, /*amsgrad=*/false, /*maximize=*/false);
    for (at::Tensor& gradient : gradients) gradient.zero_();
  }
}

TorchValue Adam::StateDict(double learning_rate) const {
  TorchDict state;
  std::vector<TorchValue> param_groups;
  int64_t index = 0;
  for (const Group& group : groups_) {
    std::vector<TorchValue> indices;
    for (size_t i = 0; i < group.parameters.size(); ++i) {
      TorchDict entry;
      entry.Set("step", {group.steps[i]});
      entry.Set("exp_avg", {group.means[i]});
      entry.Set("exp_avg_sq", {group.squares[i]});
      state.items.emplace_back(TorchValue{index}, TorchValue{std::move(entry)});
      indices.push_back({index++});
    }
    TorchDict entry;
    entry.Set("lr", {learning_rate * group.rate_factor});
    entry.Set("betas", {std::vector<TorchValue>{{options_.beta1}, {options_.beta2}}});
    entry.Set("eps", {options_.epsilon});
    entry.Set("weight_decay", {group.weight_decay});
    entry.Set("amsgrad", {false});
    entry.Set("maximize", {false});
    entry.Set("params", {std::move(indices)});
    param_groups.push_back({std::move(entry)});
  }
  TorchDict dict;
  dict.Set("state", {std::move(state)});
  dict.Set("param_groups", {std::move(param_groups)});
  return {std::move(dict)};
}

void Adam::LoadStateDict(const TorchFile& file, const PickleValue& state) {
  const at::NoGradGuard no_grad;
  const std::string what = "optimizer";
  const PickleValue& entries = Member(state, "state", file.source() + ": " + what);
  VANTAGE_CHECK(entries.is(PickleValue::Kind::kDict), file.source(), ": ", what, ": state is a ",
                DescribeKind(entries));
  int64_t index = 0;
  for (Group& group : groups_) {
    for (size_t i = 0; i < group.parameters.size(); ++i, ++index) {
      const PickleValue* entry = nullptr;
      for (size_t k = 0; k + 1 < entries.items.size(); k += 2) {
        if (entries.items[k]->is(PickleValue::Kind::kInt) && entries.items[k]->integer == index) {
          entry = entries.items[k + 1];
        }
      }
      VANTAGE_CHECK(entry != nullptr, file.source(), ": ", what, ": no state of parameter ", index);
      const auto load = [&](std::string_view key, at::Tensor& target) {
        const std::string name = StrCat(what, ": parameter ", index, ": ", key);
        const at::Tensor value = ReadTensor(file, Member(*entry, key, file.source() + ": " + name), name);
        VANTAGE_CHECK(value.sizes() == target.sizes(), file.source(), ": ", name,
                      " has another shape than the parameter");
        target.copy_(value);
      };
      load("step", group.steps[i]);
      load("exp_avg", group.means[i]);
      load("exp_avg_sq", group.squares[i]);
    }
  }
}

}  // namespace vantage
