// SPDX-License-Identifier: BSD-3-Clause
#include "train/optimizer_kinds.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/_fused_adam.h>
#include <ATen/ops/_fused_adamw.h>
#include <ATen/ops/_fused_sgd.h>

#include <array>

#include "util/string.h"
#include "vantage/error.h"

namespace vantage::train {
namespace {

std::vector<StateTensor> AdamState(const OptimizerOptions& /*options*/) {
  return {{"step", true}, {"exp_avg", false}, {"exp_avg_sq", false}};
}

template <typename Kernel>
void StepWith(Kernel kernel, ParameterGroup& group, const OptimizerOptions& options, double rate) {
  for (at::Tensor& steps : group.state[0]) steps.add_(1);
  kernel(group.parameters, group.gradients, group.state[1], group.state[2],
         /*max_exp_avg_sqs=*/at::TensorList{}, group.state[0], rate, options.beta1, options.beta2,
         group.weight_decay, options.epsilon,
         /*amsgrad=*/false, /*maximize=*/false);
}

void StepAdam(ParameterGroup& group, const OptimizerOptions& options, double rate) {
  StepWith([](auto&&... args) { at::_fused_adam_(args...); }, group, options, rate);
}

void StepAdamW(ParameterGroup& group, const OptimizerOptions& options, double rate) {
  StepWith([](auto&&... args) { at::_fused_adamw_(args...); }, group, options, rate);
}

void WriteAdam(nn::TorchDict& group, const OptimizerOptions& options) {
  group.Set("betas", {std::vector<nn::TorchValue>{{options.beta1}, {options.beta2}}});
  group.Set("eps", {options.epsilon});
  group.Set("amsgrad", {false});
  group.Set("maximize", {false});
}

void WriteAdamW(nn::TorchDict& group, const OptimizerOptions& options) {
  WriteAdam(group, options);
  group.Set("decoupled_weight_decay", {true});
}

std::vector<StateTensor> SgdState(const OptimizerOptions& options) {
  if (options.momentum == 0) return {};
  return {{"momentum_buffer", false}};
}

void StepSgd(ParameterGroup& group, const OptimizerOptions& options, double rate) {
  // Without dampening a buffer of zeros does what torch's missing one does at the first step.
  at::_fused_sgd_(group.parameters, group.gradients,
                  options.momentum == 0 ? std::vector<at::Tensor>{} : group.state[0], group.weight_decay,
                  options.momentum, rate, /*dampening=*/0, options.nesterov, /*maximize=*/false,
                  /*is_first_step=*/false);
}

void WriteSgd(nn::TorchDict& group, const OptimizerOptions& options) {
  group.Set("momentum", {options.momentum});
  group.Set("dampening", {0.0});
  group.Set("nesterov", {options.nesterov});
  group.Set("maximize", {false});
}

constexpr std::array<OptimizerKind, 3> kKinds = {{{"adam", AdamState, StepAdam, WriteAdam},
                                                  {"adamw", AdamState, StepAdamW, WriteAdamW},
                                                  {"sgd", SgdState, StepSgd, WriteSgd}}};

}  // namespace

std::vector<std::string> OptimizerNames() {
  std::vector<std::string> names;
  for (const OptimizerKind& kind : kKinds) names.emplace_back(kind.name);
  return names;
}

const OptimizerKind& FindOptimizerKind(const OptimizerOptions& options) {
  if (options.nesterov && options.momentum == 0) {
    throw UsageError("optimizer.nesterov needs an optimizer.momentum above 0");
  }
  for (const OptimizerKind& kind : kKinds) {
    if (options.name == kind.name) return kind;
  }
  throw UsageError(
      StrCat("unknown optimiser '", options.name, "'; known are ", Join(OptimizerNames(), ", ")));
}

}  // namespace vantage::train
