// SPDX-License-Identifier: BSD-3-Clause
#include <utility>

#include "nn/layouts/layout.h"
#include "nn/layouts/netvlad_names.h"
#include "nn/layouts/vision_transformer_names.h"

// github.com/gmberton/deep-visual-geo-localization-benchmark: its GeM, with or without a linear layer, and
// its NetVLAD. Its layers are numbered in the order in which they are chained, those before a linear layer in
// a chain of their own. Differs: its GeM without a linear layer gives descriptors that are not of unit
// length.
namespace vantage::nn {
namespace {

constexpr NetVladNames kGeoLocalization = {.trunk = "backbone.",
                                           .centroids = "aggregation.centroids",
                                           .centroids_are_KD = true,
                                           .assignment_weight = "aggregation.conv.weight",
                                           .assignment_bias = "aggregation.conv.bias",
                                           .linear = ""};

// The names of GeM's exponent, and what stands for the beginnings of names: CosPlace's layers are l2n and
// GeM, cirtorch's GeM and l2n.
struct GemNames {
  const char* exponent;
  NameParts parts;
};

const GemNames* GemOf(const TensorShapes& shapes) {
  static const std::vector<GemNames> kGems = {
      {"aggregation.0.1.p", {{"aggregation.1.", "aggregation.3."}, {"aggregation.0.1.p", "aggregation.1.p"}}},
      {"aggregation.0.0.p",
       {{"aggregation.1.", "whiten."}, {"aggregation.0.0.p", "pool.p"}, {"backbone.", "features."}}},
      {"aggregation.0.p", {{"aggregation.0.p", "pool.p"}, {"backbone.", "features."}}},
      {"aggregation.1.p", {}}};
  if (shapes.contains("aggregation.3.weight")) return nullptr;  // CosPlace's own
  for (const GemNames& names : kGems) {
    if (shapes.contains(names.exponent)) return &names;
  }
  return nullptr;
}

std::vector<SourceTensor> OwnOfGeoLocalization(const ModelSource& source) {
  const TensorShapes shapes = ShapesOf(source);
  if (HasNetVladOf(shapes, kGeoLocalization)) return OwnNetVlad(source, kGeoLocalization);
  const GemNames& names = *GemOf(shapes);
  std::vector<SourceTensor> own = source.tensors;
  for (SourceTensor& tensor : own) tensor.name = Renamed(std::move(tensor.name), names.parts);
  return own;
}

}  // namespace

LayoutRow GeoLocalizationLayout() {
  return {.name = "geo-localization",
          .kind = "deep-visual-geo-localization-benchmark weights",
          .recognise =
              [](const TensorShapes& shapes) {
                return HasNetVladOf(shapes, kGeoLocalization) || GemOf(shapes) != nullptr;
              },
          .to_own = OwnOfGeoLocalization,
          .set_properties =
              [](NetOfSource& found) {
                if (found.head.kind() == NetVladHeadOptions::kKind) SetNetVladOptions(found, "kd");
              }};
}

}  // namespace vantage::nn
