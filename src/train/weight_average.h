// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "nn/descriptor_net.h"
#include "nn/torch_value.h"

namespace vantage::train {

// An exponential moving average of a network's weights over the steps of its training (Polyak and Juditsky,
// 1992; in this form Tarvainen and Valpola, NIPS 2017). It starts with the weights before training, and after
// each step
//   average <- decay average + (1 - decay) weights.
class WeightAverage {
 public:
  // decay: in [0, 1); 0 follows the network. Throws UsageError otherwise.
  WeightAverage(const nn::DescriptorNet& net, double decay);

  // Updates the average with the network's weights after a step; tensors that are not parameters are copied.
  void Update(const nn::DescriptorNet& net);

  // The network with the averaged weights, which is validated and saved as the best.
  const nn::DescriptorNet& net() const { return net_; }

  // The averaged tensors by their names, as in a model's state_dict.
  nn::TorchValue StateDict() const;
  // Throws Error naming the file if a tensor is missing or has another shape.
  void LoadStateDict(const serialize::TorchFile& file, const serialize::PickleValue& state);

 private:
  nn::DescriptorNet net_;
  double decay_;
};

}  // namespace vantage::train
