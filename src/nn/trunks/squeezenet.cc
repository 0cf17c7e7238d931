// SPDX-License-Identifier: BSD-3-Clause
#include <ATen/ops/cat.h>

#include "nn/conv_trunk.h"

// Iandola et al., SqueezeNet, 2016; layers and names as in torchvision.
namespace vantage::nn {
namespace {

// 1x1 convolution to few channels, then 1x1 and 3x3 side by side.
class Fire : public Layer {
 public:
  Fire(const std::string& name, int64_t in_channels, int64_t squeezed, int64_t expanded)
      : squeeze_(name + ".squeeze", {in_channels, squeezed, 1}, kRelu),
        expand1x1_(name + ".expand1x1", {squeezed, expanded, 1}, kRelu),
        expand3x3_(name + ".expand3x3", {squeezed, expanded, 3, 1, 1}, kRelu) {}

  at::Tensor Forward(const at::Tensor& x_BCHW, const PassContext& pass) const override {
    const at::Tensor squeezed = squeeze_.Forward(x_BCHW, pass);
    return at::cat({expand1x1_.Forward(squeezed, pass), expand3x3_.Forward(squeezed, pass)}, 1);
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

std::unique_ptr<Trunk> MakeSqueezeNet(const TrunkRow& row, bool first_version) {
  ConvTrunk::Layers layers;
  layers.stem.Add(std::make_unique<ConvolutionUnit>(
      "features.0", first_version ? ConvolutionOptions{3, 96, 7, 2} : ConvolutionOptions{3, 64, 3, 2},
      kRelu));
  int64_t channels = first_version ? 96 : 64;
  int index = 2;  // after the convolution and its ReLU
  bool pools = false;
  const auto add_pool = [&] {
    pools = true;
    ++index;
  };
  const auto add_fire = [&](int64_t squeezed, int64_t expanded) {
    auto fire = std::make_unique<Fire>("features." + std::to_string(index++), channels, squeezed, expanded);
    channels = 2 * expanded;
    if (std::exchange(pools, false)) {
      layers.stages.push_back(
          InSequence(std::make_unique<MaxPool>(3, 2, 0, /*ceil_mode=*/true), std::move(fire)));
    } else {
      layers.stages.push_back(std::move(fire));
    }
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
  return std::make_unique<ConvTrunk>(row, std::move(layers));
}

TrunkRow SqueezeNetRow(const char* name, int64_t smallest_side, const char* mark, bool first_version) {
  return {.name = name,
          .channels = 512,
          .input = {.smallest_side = smallest_side},
          .mark = mark,
          .mark_shape = {32, 128, 1, 1},
          .classifier_prefixes = {"classifier."},
          .make = [first_version](const TrunkRow& row, MapEnd /*end*/) {
            return MakeSqueezeNet(row, first_version);
          }};
}

}  // namespace

std::vector<TrunkRow> SqueezeNetTrunks() {
  return {SqueezeNetRow("squeezenet1_0", 21, ".5.squeeze.weight", true),
          SqueezeNetRow("squeezenet1_1", 17, ".6.squeeze.weight", false)};
}

}  // namespace vantage::nn
