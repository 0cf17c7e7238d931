// SPDX-License-Identifier: BSD-3-Clause
#include "nn/layouts/layout.h"
#include "util/log.h"
#include "util/string.h"
#include "vantage/error.h"

// As CosPlace and EigenPlaces publish their weights: the bare tensors of a network with their head. This
// project uses their names.
namespace vantage::nn {
namespace {

NamedTensors InCosPlaceLayout(const ModelParts& model) {
  const auto* head = model.net.options().head.If<CosPlaceHeadOptions>();
  if (head == nullptr || !head->linear) {
    throw UsageError(
        StrCat("a ", NameOf(model.net.options()), " cannot be written in the format of CosPlace's weights"));
  }
  if (!model.whitenings.empty()) LogInfo("the format of CosPlace's weights holds no learned whitening");
  return TensorsOf(model.net);
}

}  // namespace

LayoutRow CosPlaceLayout() {
  return {.name = "cosplace", .format = "cosplace", .from_own = InCosPlaceLayout};
}

}  // namespace vantage::nn
