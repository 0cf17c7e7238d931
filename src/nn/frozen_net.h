// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "nn/descriptor_net.h"

namespace vantage::nn {

// A copy of a network for describing only, on its device: norms folded into convolutions, activations fused,
// Winograd's convolutions where they are faster, the trunk's weights in the precision's type. Descriptors are
// float32 in any case. It shares no tensor with the network.
class FrozenNet : public Network {
 public:
  explicit FrozenNet(const DescriptorNet& net, Precision precision = Precision::kFp32);
};

}  // namespace vantage::nn
