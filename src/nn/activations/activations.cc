// SPDX-License-Identifier: BSD-3-Clause
#include <array>

#include "nn/activation.h"

namespace vantage::nn {

std::span<const Activation* const> Activations() {
  static constexpr std::array kActivations = {&kNoActivation, &kRelu, &kRelu6};
  return kActivations;
}

}  // namespace vantage::nn
