// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>

#include "nn/layouts/layout.h"
#include "nn/layouts/vision_transformer_names.h"

// model.safetensors of github.com/gmberton/MegaLoc: SALAD's layers on DINOv2, and a linear layer.
namespace vantage::nn {
namespace {

std::vector<SourceTensor> OwnOfMegaLoc(const ModelSource& source) {
  std::vector<SourceTensor> own;
  bool has_mask = false;
  int64_t channels = 0;
  for (SourceTensor tensor : source.tensors) {
    tensor.name =
        Renamed(tensor.name, {{"aggregator.agg.", "aggregator."}, {"backbone.", "backbone.model."}});
    has_mask = has_mask || tensor.name == "backbone.model.mask_token";
    if (tensor.name == "backbone.model.cls_token" && !tensor.shape.empty()) channels = tensor.shape.back();
    own.push_back(std::move(tensor));
  }
  if (!has_mask && channels > 0) own.push_back(Zeros("backbone.model.mask_token", {1, channels}));
  return own;
}

}  // namespace

LayoutRow MegaLocLayout() {
  return {.name = "megaloc",
          .kind = "MegaLoc weights",
          .recognise = [](const TensorShapes& shapes) { return shapes.contains("aggregator.agg.dust_bin"); },
          .to_own = OwnOfMegaLoc,
          .tell =
              [](NetOfSource& found) {
                // Their code takes photos of any size; as everywhere, the longest side is at most 1024.
                found.preprocessing = ParsePreprocessing("longest=1024 + multiple=14,bilinear,tensor");
                found.licence = "MIT";
              }};
}

}  // namespace vantage::nn
