// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "nn/descriptor_net.h"

namespace vantage::nn {

// A network that can only describe, on the device of the network that it is made of. Norms are folded into
// convolutions, activations are fused, Winograd's convolution is used where it is faster, and the trunk's
// weights have the precision's type. Descriptors are always float32.
class FrozenNet : public Network {
 public:
  // Shares no tensor with the network.
  explicit FrozenNet(const DescriptorNet& net, Precision precision = Precision::kFp32);
  // Takes the network's tensors, and frees those that it replaces one by one. Tensors that copies of the
  // network share must not be changed in place afterwards.
  explicit FrozenNet(DescriptorNet&& net, Precision precision = Precision::kFp32);
};

}  // namespace vantage::nn
