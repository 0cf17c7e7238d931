// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <string>
#include <vector>

#include "nn/descriptor_net.h"
#include "nn/torch_value.h"
#include "vantage/error.h"
#include "vantage/training.h"

namespace vantage::train {

// A loss or a gradient is infinite or not a number.
class NotFinite : public Error {
 public:
  using Error::Error;
};

struct OptimizerRule;

// Parameters that share a rate and a decay, with their gradients and the optimiser's state.
struct ParameterGroup {
  double rate_factor = 1;
  double weight_decay = 0;
  std::vector<std::string> names;
  std::vector<at::Tensor> parameters;
  std::vector<at::Tensor> gradients;  // summed up since the last step
  // By the optimiser's state tensors (OptimizerRule::state), then by parameter.
  std::vector<std::vector<at::Tensor>> state;
};

// Steps a network's parameters along their gradients, by ATen's fused kernels and with the results and the
// state_dict of torch.optim's class.
// GeM's exponent has a rate of its own and no decay (TPAMI 2019, code), other parameters where
// OptimizerOptions::groups says so.
class Optimizer {
 public:
  // Makes the network's parameters require gradients, but those whose names begin as one of `freeze`: these
  // are no parameters of the optimiser. Shares the others with the network. Throws UsageError where a name of
  // `freeze` or of options.groups fits no parameter, or nothing is left to train.
  Optimizer(nn::DescriptorNet& net, const OptimizerOptions& options,
            const std::vector<std::string>& freeze = {});

  // The parameters, group by group, and their names in the network.
  std::vector<at::Tensor> Parameters() const;
  std::vector<std::string> ParameterNames() const;
  // Adds gradients, in the order of Parameters; an undefined one is zero.
  void AddGradients(const std::vector<at::Tensor>& gradients);

  // One step with the gradients that have been added up, which are zero then. Returns their global norm
  // (L2, over all parameters) before clipping. `learning_rate` is that of the step. Throws NotFinite if the
  // norm is not finite; then nothing has changed, and the gradients are zero all the same.
  double Step(double learning_rate);

  // torch.optim's state_dict(), the parameters in the order of Parameters: cirtorch's where there are no
  // groups.
  nn::TorchValue StateDict(double learning_rate) const;
  // order: the names of the parameters that the state numbers; empty: that of Parameters. Throws Error naming
  // the file where the state is missing or does not fit the parameters.
  void LoadStateDict(const serialize::TorchFile& file, const serialize::PickleValue& state,
                     const std::vector<std::string>& order = {});

 private:
  double ClipGradients();
  void ClearGradients();

  OptimizerOptions options_;
  std::shared_ptr<const OptimizerRule> rule_;
  std::vector<ParameterGroup> groups_;
};

}  // namespace vantage::train
