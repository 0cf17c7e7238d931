// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "vantage/nn/descriptor_net.h"
#include "vantage/nn/torch_value.h"
#include "vantage/train/options.h"

namespace vantage {

// Adam (Kingma and Ba, ICLR 2015) with L2 weight decay added to the gradient, as torch.optim.Adam: over a
// network's parameters, GeM's exponent at its own rate and without decay (TPAMI 2019, code).
class Adam {
 public:
  // Makes the network's parameters require gradients. The optimiser shares them.
  Adam(DescriptorNet& net, const OptimizerOptions& options);

  // The parameters, group by group.
  std::vector<at::Tensor> Parameters() const;
  // Adds gradients, in the order of Parameters; an undefined one adds nothing.
  void AddGradients(const std::vector<at::Tensor>& gradients);

  // One step with the gradients that have been added up; they are set to zero. `learning_rate` is the
  // epoch's.
  void Step(double learning_rate);

  // torch.optim.Adam's state_dict(), with the parameters in cirtorch's order.
  TorchValue StateDict(double learning_rate) const;
  // Throws Error naming the file where the state is missing or does not fit the parameters.
  void LoadStateDict(const TorchFile& file, const PickleValue& state);

 private:
  struct Group {
    double rate_factor = 1;
    double weight_decay = 0;
    std::vector<at::Tensor> parameters;
    std::vector<at::Tensor> means;    // of the gradient: exp_avg
    std::vector<at::Tensor> squares;  // of its square: exp_avg_sq
    std::vector<at::Tensor> steps;    // float32 scalars, as torch keeps them
  };

  OptimizerOptions options_;
  std::vector<Group> groups_;
};

}  // namespace vantage
