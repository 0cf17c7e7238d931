// SPDX-License-Identifier: BSD-3-Clause
#include <ATen/ops/_fused_sgd.h>

#include "train/optimizers/optimizers.h"
#include "vantage/error.h"

namespace vantage {
namespace {

train::OptimizerRule SgdRule(const SgdOptions& options) {
  const bool has_momentum = options.momentum != 0;
  if (options.nesterov && !has_momentum)
    throw UsageError("optimizer.sgd.nesterov needs an optimizer.sgd.momentum above 0");
  train::OptimizerRule rule;
  if (has_momentum) rule.state = {{"momentum_buffer", false}};
  rule.step = [options, has_momentum](train::ParameterGroup& group, double rate) {
    // Without dampening, a buffer of zeros has the effect of torch's missing one at the first step.
    at::_fused_sgd_(group.parameters, group.gradients,
                    has_momentum ? group.state[0] : std::vector<at::Tensor>{}, group.weight_decay,
                    options.momentum, rate, /*dampening=*/0, options.nesterov, /*maximize=*/false,
                    /*is_first_step=*/false);
  };
  rule.write_options = [options](nn::TorchDict& group) {
    group.Set("momentum", {options.momentum});
    group.Set("dampening", {0.0});
    group.Set("nesterov", {options.nesterov});
    group.Set("maximize", {false});
  };
  return rule;
}

}  // namespace

void Declare(OptionsDescription& description, SgdOptions& options) {
  description.Add("momentum", options.momentum, "Share of the last step that is kept").Range(0, 0.99999);
  description.Add("nesterov", options.nesterov, "Nesterov's momentum");
}

namespace train {

OptimizerRow SgdOptimizer() {
  return MakeOptimizerRow<SgdOptions>(
      "Stochastic gradient descent with momentum, L2 weight decay added to the gradient", SgdRule);
}

}  // namespace train

}  // namespace vantage
