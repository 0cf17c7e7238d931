// SPDX-License-Identifier: BSD-3-Clause
#include "nn/layouts/layout.h"
#include "nn/layouts/netvlad_names.h"

// NetVLAD as github.com/cvg/Hierarchical-Localization has it; MatConvNet's files (matconvnet_source.h) come
// under these names too.
namespace vantage::nn {
namespace {

constexpr NetVladNames kHloc = {.trunk = "backbone.",
                                .centroids = "netvlad.centers",
                                .centroids_are_KD = false,
                                .assignment_weight = "netvlad.score_proj.weight",
                                .assignment_bias = "netvlad.score_proj.bias",
                                .linear = "whiten."};

// hloc's network takes pixels in 0..255 less the mean photo's colour, as VGG's authors trained it.
constexpr Normalization kCaffe = {{123.68 / 255, 116.779 / 255, 103.939 / 255},
                                  {1.0 / 255, 1.0 / 255, 1.0 / 255}};

}  // namespace

LayoutRow HlocLayout() {
  return {.name = "hloc",
          .kind = "hloc's NetVLAD weights",
          .recognise = [](const TensorShapes& shapes) { return HasNetVladOf(shapes, kHloc); },
          .to_own = [](const ModelSource& source) { return OwnNetVlad(source, kHloc); },
          .tell =
              [](NetWish& found) {
                found.locals->last_relu = false;
                found.netvlad->intra_norm = "cluster";
                found.netvlad->order = "dk";
              },
          .normalization = kCaffe};
}

}  // namespace vantage::nn
