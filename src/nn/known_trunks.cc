// SPDX-License-Identifier: BSD-3-Clause
#include "nn/known_trunks.h"

#include <algorithm>

namespace vantage::nn {
namespace {

// Larger trunks hold tensors of smaller ones, also under the same name: the order tells them apart.
const std::vector<KnownTrunk>& KnownTrunks() {
  static const std::vector<KnownTrunk> kTrunks = {
      {"resnet152", ".35.conv1.weight", {256, 1024, 1, 1}, 2048},
      {"resnet101", ".22.conv1.weight", {256, 1024, 1, 1}, 2048},
      {"resnet50", ".2.conv3.weight", {2048, 512, 1, 1}, 2048},
      {"resnet34", ".2.conv1.weight", {512, 512, 3, 3}, 512},
      {"resnet18", ".1.conv1.weight", {512, 512, 3, 3}, 512},
      {"resnet18_conv4", ".1.conv1.weight", {256, 256, 3, 3}, 256},
      {"densenet201", ".denselayer32.conv1.weight", {128, 1888, 1, 1}, 1920},
      {"densenet169", ".denselayer32.conv1.weight", {128, 1632, 1, 1}, 1664},
      {"densenet161", ".denselayer24.conv1.weight", {192, 2160, 1, 1}, 2208},
      {"densenet121", ".denselayer16.conv1.weight", {128, 992, 1, 1}, 1024},
      {"efficientnet_lite0", "_conv_head.weight", {1280, 320, 1, 1}, 1280},
      {"squeezenet1_0", ".5.squeeze.weight", {32, 128, 1, 1}, 512},
      {"squeezenet1_1", ".6.squeeze.weight", {32, 128, 1, 1}, 512},
      {"vgg19_bn", ".49.weight", {512, 512, 3, 3}, 512},
      {"vgg16_bn", ".40.weight", {512, 512, 3, 3}, 512},
      {"vgg13_bn", ".31.weight", {512, 512, 3, 3}, 512},
      {"vgg19", ".34.weight", {512, 512, 3, 3}, 512},
      {"vgg11_bn", ".25.weight", {512, 512, 3, 3}, 512},
      {"vgg16", ".28.weight", {512, 512, 3, 3}, 512},
      {"vgg13", ".22.weight", {512, 512, 3, 3}, 512},
      {"vgg11", ".18.weight", {512, 512, 3, 3}, 512},
      {"alexnet", ".10.weight", {256, 256, 3, 3}, 256},
  };
  return kTrunks;
}

}  // namespace

const KnownTrunk* RecogniseTrunk(const TensorShapes& shapes) {
  for (const KnownTrunk& trunk : KnownTrunks()) {
    const bool fits = std::any_of(shapes.begin(), shapes.end(), [&](const auto& item) {
      return item.second == trunk.shape && item.first.ends_with(trunk.last_tensor);
    });
    if (fits) return &trunk;
  }
  return nullptr;
}

const KnownTrunk* FindKnownTrunk(const std::string& architecture) {
  for (const KnownTrunk& trunk : KnownTrunks()) {
    if (trunk.architecture == architecture) return &trunk;
  }
  return nullptr;
}

}  // namespace vantage::nn
