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

// Thrown if a loss or a gradient is infinite or not a number.
class NotFinite : public Error {
 public:
  using Error::Error;
};

struct OptimizerRule;

// Parameters that share a learning rate and a weight decay, with their gradients and the optimiser's state.
struct ParameterGroup {
  double rate_factor = 1;
  double weight_decay = 0;
  std::vector<std::string> names;
  std::vector<at::Tensor> parameters;
  std::vector<at::Tensor> gradients;  // summed up since the last step
  // Indexed by the optimiser's state tensors (OptimizerRule::state), then by parameter.
  std::vector<std::vector<at::Tensor>> state;
};

// Updates a network's parameters along their gradients. Uses ATen's fused kernels; results and state_dict are
// those of the class in torch.optim. GeM's exponent has its own learning rate and no decay (TPAMI 2019,
// code). OptimizerOptions sets both for other parameters.
class Optimizer {
 public:
  // Makes the network's parameters require gradients, except those that are frozen, which the optimiser
  // leaves out: see GroupParameters. Shares the parameters with the network. Throws UsageError as that does.
  Optimizer(nn::DescriptorNet& net, const OptimizerOptions& options,
            const std::vector<std::string>& freeze = {}, int freeze_blocks = 0);

  // The parameters, group by group, and their names in the network.
  std::vector<at::Tensor> Parameters() const;
  std::vector<std::string> ParameterNames() const;
  // Adds gradients, in the order of Parameters; undefined ones count as zero.
  void AddGradients(const std::vector<at::Tensor>& gradients);

  // Takes one step with the sum of the gradients added since the last step, then sets it to zero. Returns the
  // global norm (L2, over all parameters) before clipping. Throws NotFinite if the norm is not finite. Then
  // the parameters do not change, but the gradients are still set to zero.
  double Step(double learning_rate);

  // torch.optim's state_dict(), with the parameters in the order of Parameters. That is cirtorch's order if
  // there are no groups.
  nn::TorchValue StateDict(double learning_rate) const;
  // order: names of the parameters in the order in which the state numbers them; empty: that of Parameters.
  // Throws Error naming the file if the state is missing or does not fit the parameters.
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
