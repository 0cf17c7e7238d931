// SPDX-License-Identifier: BSD-3-Clause
#include "nn/layouts/layout.h"

// A trunk's tensors alone under torchvision's names, which are the trunk's own. Reading needs no functions:
// networks are also filled by these names.
namespace vantage::nn {

LayoutRow TorchvisionLayout() {
  return {.name = "torchvision",
          .format = "weights",
          .format_help = "of the trunk alone, torchvision's or Meta's names",
          .from_own = [](const ModelParts& model) { return TensorsOf(model.net.trunk()); }};
}

}  // namespace vantage::nn
