// SPDX-License-Identifier: BSD-3-Clause
#include "nn/layouts/layout.h"
#include "nn/layouts/netvlad_names.h"

// NetVLAD of github.com/cvg/Hierarchical-Localization. MatConvNet's files (matconvnet_source.h) are read
// under these names too.
namespace vantage::nn {
namespace {

constexpr NetVladNames kHloc = {.trunk = "backbone.",
                                .centroids = "netvlad.centers",
                                .centroids_are_KD = false,
                                .assignment_weight = "netvlad.score_proj.weight",
                                .assignment_bias = "netvlad.score_proj.bias",
                                .linear = "whiten."};

// hloc's network takes pixels in 0..255 minus the mean colour of the training photos, as VGG was trained.
constexpr Normalization kCaffe = {{123.68 / 255, 116.779 / 255, 103.939 / 255},
                                  {1.0 / 255, 1.0 / 255, 1.0 / 255}};

}  // namespace

LayoutRow HlocLayout() {
  return {.name = "hloc",
          .kind = "hloc's NetVLAD weights",
          .recognise = [](const TensorShapes& shapes) { return HasNetVladOf(shapes, kHloc); },
          .to_own = [](const ModelSource& source) { return OwnNetVlad(source, kHloc); },
          .set_properties = [](NetOfSource& found) { SetNetVladOptions(found, "dk"); },
          .normalization = kCaffe};
}

}  // namespace vantage::nn
