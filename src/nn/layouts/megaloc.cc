// SPDX-License-Identifier: BSD-3-Clause
#include <utility>

#include "nn/layouts/layout.h"
#include "nn/layouts/vision_transformer_names.h"

// model.safetensors of github.com/gmberton/MegaLoc: SALAD's layers on DINOv2, and a linear layer.
namespace vantage::nn {
namespace {

std::vector<SourceTensor> OwnOfMegaLoc(const ModelSource& source) {
  std::vector<SourceTensor> own = source.tensors;
  for (SourceTensor& tensor : own) {
    tensor.name =
        Renamed(tensor.name, {{"aggregator.agg.", "aggregator."}, {"backbone.", "backbone.model."}});
  }
  return WithMaskToken(std::move(own));
}

NamedTensors InMegaLocLayout(const ModelParts& model) {
  const auto* head = model.net.options().head.If<SaladHeadOptions>();
  const NamedTensors own = TensorsOf(model.net);
  if (head == nullptr || head->output_dimension == 0 || !HasPlainDinov2(own, "backbone.model."))
    RefuseNetwork(model, "MegaLoc's");
  NamedTensors result;
  for (const auto& [name, tensor] : own) {
    if (name.ends_with("mask_token")) continue;  // MegaLoc's code has none
    result.emplace_back(Renamed(name, {{"backbone.model.", "backbone."},
                                       {"aggregator.", "aggregator.agg."},
                                       {"aggregator.agg.linear.", "aggregator.linear."}}),
                        tensor);
  }
  return result;
}

}  // namespace

LayoutRow MegaLocLayout() {
  return {.name = "megaloc",
          .kind = "MegaLoc weights",
          .recognise = [](const TensorShapes& shapes) { return shapes.contains("aggregator.agg.dust_bin"); },
          .to_own = OwnOfMegaLoc,
          .set_properties =
              [](NetOfSource& found) {
                // MegaLoc's code accepts any size; 1024 is vantage's default for the longest side.
                found.preprocessing = ParsePreprocessing("longest=1024 + multiple=14,bilinear,tensor");
                found.licence = "MIT";
              },
          .format = "megaloc",
          .format_help = "under MegaLoc's names",
          .from_own = InMegaLocLayout};
}

}  // namespace vantage::nn
