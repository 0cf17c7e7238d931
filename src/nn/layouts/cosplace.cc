// SPDX-License-Identifier: BSD-3-Clause
#include "nn/layouts/layout.h"
#include "util/log.h"
#include "util/string.h"
#include "vantage/error.h"

// As CosPlace and EigenPlaces publish their weights: the bare tensors of a network with their head, whose
// names this project has from them.
namespace vantage::nn {
namespace {

NamedTensors InCosPlaceLayout(const ModelParts& model) {
  if (model.net.options().head != "cosplace")
    throw UsageError(StrCat("a ", NameOf(model.net.options()), " has no form of CosPlace's"));
  if (!model.whitenings.empty()) LogInfo("CosPlace's form keeps no learned whitening");
  return TensorsOf(model.net);
}

}  // namespace

LayoutRow CosPlaceLayout() {
  return {.name = "cosplace", .format = "cosplace", .from_own = InCosPlaceLayout};
}

}  // namespace vantage::nn
