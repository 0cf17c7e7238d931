// SPDX-License-Identifier: BSD-3-Clause
#include <ATen/ops/_fused_adam.h>
#include <ATen/ops/_fused_adamw.h>

#include "train/optimizers/optimizers.h"

namespace vantage {
namespace {

template <typename Options>
void DeclareMoments(OptionsDescription& description, Options& options) {
  description.Add("beta1", options.beta1, "Decay of the mean gradient").Range(0, 0.99999);
  description.Add("beta2", options.beta2, "Decay of the mean squared gradient").Range(0, 0.999999);
  description.Add("epsilon", options.epsilon, "Added to the denominator").Above(0);
}

template <typename Options, typename Kernel>
train::OptimizerRule MomentsRule(const Options& options, Kernel kernel, bool is_decoupled) {
  return {.state = {{"step", true}, {"exp_avg", false}, {"exp_avg_sq", false}},
          .step =
              [options, kernel](train::ParameterGroup& group, double rate) {
                for (at::Tensor& steps : group.state[0]) steps.add_(1);
                kernel(group.parameters, group.gradients, group.state[1], group.state[2],
                       /*max_exp_avg_sqs=*/at::TensorList{}, group.state[0], rate, options.beta1,
                       options.beta2, group.weight_decay, options.epsilon,
                       /*amsgrad=*/false, /*maximize=*/false);
              },
          .write_options =
              [options, is_decoupled](nn::TorchDict& group) {
                group.Set("betas", {std::vector<nn::TorchValue>{{options.beta1}, {options.beta2}}});
                group.Set("eps", {options.epsilon});
                group.Set("amsgrad", {false});
                group.Set("maximize", {false});
                if (is_decoupled) group.Set("decoupled_weight_decay", {true});
              }};
}

}  // namespace

void Declare(OptionsDescription& description, AdamOptions& options) { DeclareMoments(description, options); }
void Declare(OptionsDescription& description, AdamWOptions& options) { DeclareMoments(description, options); }

namespace train {

OptimizerRow AdamOptimizer() {
  return MakeOptimizerRow<AdamOptions>(
      "Adam, with L2 weight decay added to the gradient", [](const AdamOptions& options) {
        return MomentsRule(
            options, [](auto&&... args) { at::_fused_adam_(args...); }, /*is_decoupled=*/false);
      });
}

OptimizerRow AdamWOptimizer() {
  return MakeOptimizerRow<AdamWOptions>(
      "Adam, with weight decay apart from the gradient", [](const AdamWOptions& options) {
        return MomentsRule(
            options, [](auto&&... args) { at::_fused_adamw_(args...); }, /*is_decoupled=*/true);
      });
}

}  // namespace train

}  // namespace vantage
