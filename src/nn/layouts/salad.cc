// SPDX-License-Identifier: BSD-3-Clause
#include "nn/layouts/layout.h"
#include "nn/layouts/vision_transformer_names.h"

// dino_salad.ckpt of github.com/serizba/salad. This project uses its names.
namespace vantage::nn {
namespace {

NamedTensors InSaladLayout(const ModelParts& model) {
  const auto* head = model.net.options().head.If<SaladHeadOptions>();
  NamedTensors own = TensorsOf(model.net);
  if (head == nullptr || head->output_dimension > 0 || !HasPlainDinov2(own, "backbone.model."))
    RefuseNetwork(model, "SALAD's");
  return own;
}

}  // namespace

LayoutRow SaladLayout() {
  return {.name = "salad",
          .kind = "SALAD weights",
          .recognise = [](const TensorShapes& shapes) { return shapes.contains("aggregator.dust_bin"); },
          .to_own = [](const ModelSource& source) { return source.tensors; },
          .set_properties =
              [](NetOfSource& found) {
                found.preprocessing = ParsePreprocessing("square=322,bilinear");  // their evaluation
                found.licence = "GPL-3.0";
              },
          .format = "salad",
          .format_help = "under SALAD's names",
          .from_own = InSaladLayout};
}

}  // namespace vantage::nn
