// SPDX-License-Identifier: BSD-3-Clause
#include <array>

#include "nn/layouts/layout.h"
#include "util/string.h"
#include "vantage/error.h"

namespace vantage::nn {

// Rows, each of a file of this folder.
LayoutRow PyTorchNetVladLayout();
LayoutRow HlocLayout();
LayoutRow GeoLocalizationLayout();
LayoutRow CosPlaceLayout();
LayoutRow TorchvisionLayout();
LayoutRow TimmLayout();
LayoutRow TransformersLayout();
LayoutRow SaladLayout();
LayoutRow MegaLocLayout();
LayoutRow BoqLayout();

std::span<const LayoutRow> Layouts() {
  static const std::array kLayouts = {
      PyTorchNetVladLayout(), HlocLayout(), GeoLocalizationLayout(), CosPlaceLayout(),
      TorchvisionLayout(),    TimmLayout(), TransformersLayout(),    SaladLayout(),
      MegaLocLayout(),        BoqLayout()};
  return kLayouts;
}

const LayoutRow* RecogniseLayout(const TensorShapes& shapes) {
  for (const LayoutRow& row : Layouts()) {
    if (row.recognise != nullptr && row.recognise(shapes)) return &row;
  }
  return nullptr;
}

ModelSource InOwnLayout(const ModelSource& source) {
  const LayoutRow* layout = RecogniseLayout(ShapesOf(source));
  ModelSource own = source;
  if (layout != nullptr) own.tensors = layout->to_own(source);
  return own;
}

void RefuseNetwork(const ModelParts& model, const std::string& whose) {
  throw UsageError(
      StrCat("a ", NameOf(model.net.options()), " cannot be written in the format of ", whose, " weights"));
}

}  // namespace vantage::nn
