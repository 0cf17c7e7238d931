// SPDX-License-Identifier: BSD-3-Clause
#include <ATen/ops/cat.h>

#include "nn/trunks.h"

// Iandola et al., SqueezeNet, 2016; layers and names as in torchvision.
namespace vantage::nn {
namespace {

// 1x1 convolution to few channels, then 1x1 and 3x3 side by side.
class Fire : public Layer {
 public:
  Fire(const std::string& name, int64_t in_channels, int64_t squeezed, int64_t expanded)
      : squeeze_(name + ".squeeze", {in_channels, squeezed, 1}, Activation::kRelu),
        expand1x1_(name + ".expand1x1", {squeezed, expanded, 1}, Activation::kRelu),
        expand3x3_(name + ".expand3x3", {squeezed, expanded, 3, 1, 1}, Activation::kRelu) {}

  at::Tensor Forward(const at::Tensor& x_BCHW) const override {
    const at::Tensor squeezed = squeeze_.Forward(x_BCHW);
    return at::cat({expand1x1_.Forward(squeezed), expand3x3_.Forward(squeezed)}, 1);
  }

  void ForEachChild(const std::function<void(Layer&)>& visit) override {
    visit(squeeze_);
    visit(expand1x1_);
    visit(expand3x3_);
  }

 private:
  ConvolutionUnit squeeze_;
  ConvolutionUnit expand1x1_;
  ConvolutionUnit expand3x3_;
};

}  // namespace

Trunk MakeSqueezeNet(const std::string& architecture) {
  const bool first_version = architecture == "squeezenet1_0";
  auto layers = std::make_unique<Sequence>();
  layers->Add(std::make_unique<ConvolutionUnit>(
      "features.0", first_version ? ConvolutionOptions{3, 96, 7, 2} : ConvolutionOptions{3, 64, 3, 2},
      Activation::kRelu));
  int64_t channels = first_version ? 96 : 64;
  int index = 2;  // after the convolution and its ReLU
  const auto add_pool = [&] {
    layers->Add(std::make_unique<MaxPool>(3, 2, 0, /*ceil_mode=*/true));
    ++index;
  };
  const auto add_fire = [&](int64_t squeezed, int64_t expanded) {
    layers->Add(std::make_unique<Fire>("features." + std::to_string(index++), channels, squeezed, expanded));
    channels = 2 * expanded;
  };
  add_pool();
  add_fire(16, 64);
  add_fire(16, 64);
  if (first_version) add_fire(32, 128);
  add_pool();
  if (!first_version) add_fire(32, 128);
  add_fire(32, 128);
  if (!first_version) add_pool();
  add_fire(48, 192);
  add_fire(48, 192);
  add_fire(64, 256);
  if (first_version) add_pool();
  add_fire(64, 256);
  return {architecture, channels, {}, std::move(layers), {}, {"classifier."}};
}

}  // namespace vantage::nn
