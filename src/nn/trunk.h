// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "nn/layer.h"

namespace vantage::nn {

// How pixels in 0..1 become a trunk's input: (x - mean) / std, for red, green and blue.
struct Normalization {
  std::array<double, 3> mean = {0.485, 0.456, 0.406};  // ImageNet's, as torchvision has them
  std::array<double, 3> std = {0.229, 0.224, 0.225};
};

// The convolutional part of a classification network up to the last activation: what descriptors are pooled
// from. Tensors carry torchvision's names, or those of the package that the weights come from.
struct Trunk {
  std::string architecture;
  int64_t output_channels = 0;
  Normalization normalization;
  std::unique_ptr<Layer> layers;
  // Replaces the first matching beginning of a tensor's name by cirtorch's, which numbers the trunk's
  // children.
  std::vector<std::pair<std::string, std::string>> cirtorch_prefixes;
  // Beginnings of the names of classifier tensors, which published weights hold and a trunk does not.
  std::vector<std::string> classifier_prefixes;
};

// Where a trunk ends.
enum class TrunkEnd {
  kCirtorch,  // after the last activation
  kCosPlace,  // as CosPlace and EigenPlaces cut it: VGG ends before the last activation
};

// A trunk whose weights are zero, to be filled. Throws UsageError that lists the known architectures, or
// where the architecture has no such end.
Trunk MakeTrunk(const std::string& architecture, TrunkEnd end = TrunkEnd::kCirtorch);

// Sorted.
std::vector<std::string> TrunkArchitectures();

// The name under which cirtorch's checkpoints keep one of the trunk's tensors: "features.4.0.conv1.weight".
std::string CirtorchName(const Trunk& trunk, const std::string& name);

}  // namespace vantage::nn
