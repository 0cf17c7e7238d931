// SPDX-License-Identifier: BSD-3-Clause
#include "nn/layouts/layout.h"

// dino_salad.ckpt of github.com/serizba/salad. This project uses its names.
namespace vantage::nn {

LayoutRow SaladLayout() {
  return {.name = "salad",
          .kind = "SALAD weights",
          .recognise = [](const TensorShapes& shapes) { return shapes.contains("aggregator.dust_bin"); },
          .to_own = [](const ModelSource& source) { return source.tensors; },
          .set_properties =
              [](NetOfSource& found) {
                found.preprocessing = ParsePreprocessing("square=322,bilinear");  // their evaluation
                found.licence = "GPL-3.0";
              }};
}

}  // namespace vantage::nn
