// SPDX-License-Identifier: BSD-3-Clause
#include "nn/layouts/layout.h"

// As CosPlace and EigenPlaces publish their weights: the bare tensors of a network with their head. This
// project uses their names.
namespace vantage::nn {
namespace {

NamedTensors InCosPlaceLayout(const ModelParts& model) {
  const auto* head = model.net.options().head.If<CosPlaceHeadOptions>();
  if (head == nullptr || !head->linear) RefuseNetwork(model, "CosPlace's");
  return TensorsOf(model.net);
}

}  // namespace

LayoutRow CosPlaceLayout() {
  return {.name = "cosplace",
          .format = "cosplace",
          .format_help = "as CosPlace and EigenPlaces publish theirs",
          .from_own = InCosPlaceLayout};
}

}  // namespace vantage::nn
