// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <ATen/core/Tensor.h>

#include <span>
#include <vector>

#include "nn/descriptor_net.h"

namespace vantage::nn {

// A snapshot of a network for many passes: norms and scales are folded into the neighbouring weights,
// and the first stages without a trained tensor are frozen as for description. The passes' gradients are
// summed and then propagated to the network's own parameters. This saves two costs of every pass: folding and
// its backward pass, and a copy of all weights in each graph. The gradients are those of the network itself.
class FoldedNet {
 public:
  explicit FoldedNet(const DescriptorNet& net);

  // The folded network, which computes the same function. Its parameters are leaves().
  const DescriptorNet& net() const { return net_; }
  const std::vector<at::Tensor>& leaves() const { return leaves_; }

  // Converts a gradient with respect to leaves() (empty: zero) to one with respect to `parameters`, which are
  // parameters of the original network. An element is undefined if no leaf with a gradient depends on that
  // parameter. Must be called at most once.
  std::vector<at::Tensor> GradientsBy(std::span<const at::Tensor> parameters,
                                      const std::vector<at::Tensor>& by_leaf) const;

 private:
  DescriptorNet net_;
  std::vector<at::Tensor> folded_;  // functions of the parameters, in the order of leaves_
  std::vector<at::Tensor> leaves_;
};

}  // namespace vantage::nn
