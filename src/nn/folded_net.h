// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <ATen/core/Tensor.h>

#include <span>
#include <vector>

#include "nn/descriptor_net.h"

namespace vantage::nn {

// A network as it is now, its norms folded into the convolutions once for many passes whose gradients are
// added up before they go on to the network's own parameters. What costs time and memory a pass otherwise
// (folding there and back; a copy of all weights in each graph) costs it once. The gradients are those of the
// network itself.
class FoldedNet {
 public:
  explicit FoldedNet(const DescriptorNet& net);

  // Computes what the network does. Its parameters are leaves().
  const DescriptorNet& net() const { return net_; }
  const std::vector<at::Tensor>& leaves() const { return leaves_; }

  // A gradient by leaves() (empty: zero) as one by the network's `parameters`; undefined where nothing
  // depends on one. To be called once.
  std::vector<at::Tensor> GradientsBy(std::span<const at::Tensor> parameters,
                                      const std::vector<at::Tensor>& by_leaf) const;

 private:
  DescriptorNet net_;
  std::vector<at::Tensor> folded_;  // functions of the parameters; the same places as leaves_
  std::vector<at::Tensor> leaves_;
};

}  // namespace vantage::nn
