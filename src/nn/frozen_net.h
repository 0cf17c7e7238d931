// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "nn/descriptor_net.h"

namespace vantage::nn {

// A copy of a network that can only describe, on the network's device. Norms are folded into convolutions,
// activations are fused, Winograd's convolution is used where it is faster, and the trunk's weights have the
// precision's type. Descriptors are always float32. Shares no tensor with the network.
class FrozenNet : public Network {
 public:
  explicit FrozenNet(const DescriptorNet& net, Precision precision = Precision::kFp32);
};

}  // namespace vantage::nn
