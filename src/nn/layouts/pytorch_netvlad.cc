// SPDX-License-Identifier: BSD-3-Clause
#include "nn/layouts/layout.h"
#include "nn/layouts/netvlad_names.h"

// github.com/Nanne/pytorch-NetVlad.
namespace vantage::nn {
namespace {

constexpr NetVladNames kPyTorchNetVlad = {.trunk = "encoder.",
                                          .centroids = "pool.centroids",
                                          .centroids_are_KD = true,
                                          .assignment_weight = "pool.conv.weight",
                                          .assignment_bias = "pool.conv.bias",
                                          .linear = ""};

}  // namespace

LayoutRow PyTorchNetVladLayout() {
  return {.name = "pytorch-netvlad",
          .kind = "pytorch-NetVlad weights",
          .recognise = [](const TensorShapes& shapes) { return HasNetVladOf(shapes, kPyTorchNetVlad); },
          .to_own = [](const ModelSource& source) { return OwnNetVlad(source, kPyTorchNetVlad); },
          .set_properties = [](NetOfSource& found) { SetNetVladOptions(found, "kd"); },
          .normalization = Normalization{}};
}

}  // namespace vantage::nn
