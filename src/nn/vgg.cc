// SPDX-License-Identifier: BSD-3-Clause
#include <array>
#include <map>

#include "nn/trunks.h"

// Simonyan and Zisserman, Very Deep Convolutional Networks, ICLR 2015; layers and names as in torchvision,
// without the last pooling. With "_bn" every convolution, which keeps its bias, is followed by batch norm.
namespace vantage::nn {
namespace {

constexpr double kVggNormEpsilon = 1e-5;
constexpr std::array<int64_t, 5> kWidths = {64, 128, 256, 512, 512};

Trunk Make(const std::string& architecture, Activation last_activation) {
  static const std::map<std::string, std::array<int, 5>> kConvolutions = {// in each stage
                                                                          {"vgg11", {1, 1, 2, 2, 2}},
                                                                          {"vgg13", {2, 2, 2, 2, 2}},
                                                                          {"vgg16", {2, 2, 3, 3, 3}},
                                                                          {"vgg19", {2, 2, 4, 4, 4}}};
  const size_t suffix = architecture.find("_bn");
  const bool has_norm = suffix != architecture.npos;
  const std::array<int, 5>& counts = kConvolutions.at(architecture.substr(0, suffix));
  auto layers = std::make_unique<Sequence>();
  int64_t channels = 3;
  int index = 0;  // torchvision's, which counts ReLUs and pools too
  const auto next_name = [&] { return "features." + std::to_string(index++); };
  for (size_t stage = 0; stage < counts.size(); ++stage) {
    if (stage > 0) {
      layers->Add(std::make_unique<MaxPool>(2, 2, 0, /*ceil_mode=*/false));
      ++index;
    }
    for (int i = 0; i < counts[stage]; ++i) {
      const ConvolutionOptions options{channels, kWidths[stage], 3, 1, 1};
      const std::string name = next_name();
      const bool is_last = stage + 1 == counts.size() && i + 1 == counts[stage];
      const Activation activation = is_last ? last_activation : Activation::kRelu;
      if (has_norm) {
        layers->Add(std::make_unique<ConvolutionUnit>(name, options, next_name(), kVggNormEpsilon, activation,
                                                      /*has_bias=*/true));
      } else {
        layers->Add(std::make_unique<ConvolutionUnit>(name, options, activation));
      }
      ++index;
      channels = kWidths[stage];
    }
  }
  return {architecture, channels, {}, std::move(layers), {}, {"classifier."}};
}

}  // namespace

Trunk MakeVgg(const std::string& architecture) { return Make(architecture, Activation::kRelu); }

Trunk MakeVggWithoutLastRelu(const std::string& architecture) {
  return Make(architecture, Activation::kNone);
}

}  // namespace vantage::nn
