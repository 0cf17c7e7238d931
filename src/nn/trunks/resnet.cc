// SPDX-License-Identifier: BSD-3-Clause
#include <ATen/TensorOperators.h>

#include <array>

#include "nn/conv_trunk.h"

// He et al., Deep Residual Learning, CVPR 2016; layers and names as in torchvision (stride on the 3x3
// convolution).
namespace vantage::nn {
namespace {

constexpr double kResNetNormEpsilon = 1e-5;
constexpr int64_t kBottleneckExpansion = 4;

std::unique_ptr<ConvolutionUnit> Unit(const std::string& block, int number,
                                      const ConvolutionOptions& options) {
  return std::make_unique<ConvolutionUnit>(block + ".conv" + std::to_string(number), options,
                                           block + ".bn" + std::to_string(number), kResNetNormEpsilon, kRelu);
}

// ReLU(x + residual branch), x through a 1x1 convolution where its shape differs.
class ResidualBlock : public Layer {
 public:
  // The last convolution of the branch adds x and applies the ReLU.
  ResidualBlock(const std::string& name, Sequence branch, std::unique_ptr<ConvolutionUnit> last,
                int64_t in_channels, int64_t out_channels, int64_t stride)
      : branch_(std::move(branch)), last_(std::move(last)) {
    if (stride == 1 && in_channels == out_channels) return;
    shortcut_ = std::make_unique<ConvolutionUnit>(name + ".downsample.0",
                                                  ConvolutionOptions{in_channels, out_channels, 1, stride},
                                                  name + ".downsample.1", kResNetNormEpsilon, kNoActivation);
  }

  at::Tensor Forward(const at::Tensor& x_BCHW, const PassContext& pass) const override {
    return last_->Forward(branch_.Forward(x_BCHW, pass),
                          shortcut_ ? shortcut_->Forward(x_BCHW, pass) : x_BCHW, pass);
  }

  void ForEachChild(const std::function<void(Layer&)>& visit) override {
    visit(branch_);
    visit(*last_);
    if (shortcut_) visit(*shortcut_);
  }

 private:
  Sequence branch_;
  std::unique_ptr<ConvolutionUnit> last_;
  std::unique_ptr<ConvolutionUnit> shortcut_;
};

std::unique_ptr<Layer> MakeBlock(const std::string& name, bool bottleneck, int64_t in_channels, int64_t width,
                                 int64_t stride) {
  Sequence branch;
  if (!bottleneck) {
    branch.Add(Unit(name, 1, {in_channels, width, 3, stride, 1}));
    return std::make_unique<ResidualBlock>(name, std::move(branch), Unit(name, 2, {width, width, 3, 1, 1}),
                                           in_channels, width, stride);
  }
  const int64_t out_channels = width * kBottleneckExpansion;
  branch.Add(Unit(name, 1, {in_channels, width, 1}));
  branch.Add(Unit(name, 2, {width, width, 3, stride, 1}));
  return std::make_unique<ResidualBlock>(name, std::move(branch), Unit(name, 3, {width, out_channels, 1}),
                                         in_channels, out_channels, stride);
}

struct ResNetShape {
  bool bottleneck;
  std::array<int, 4> blocks;
};

std::unique_ptr<Trunk> MakeResNet(const TrunkRow& row, const ResNetShape& shape) {
  ConvTrunk::Layers layers;
  layers.stem.Add(std::make_unique<ConvolutionUnit>("conv1", ConvolutionOptions{3, 64, 7, 2, 3}, "bn1",
                                                    kResNetNormEpsilon, kRelu));
  layers.stem.Add(std::make_unique<MaxPool>(3, 2, 1, /*ceil_mode=*/false));
  int64_t channels = 64;
  for (size_t group = 0; group < shape.blocks.size(); ++group) {
    const int64_t width = int64_t{64} << group;
    for (int block = 0; block < shape.blocks[group]; ++block) {
      const std::string name = "layer" + std::to_string(group + 1) + "." + std::to_string(block);
      const int64_t stride = group > 0 && block == 0 ? 2 : 1;
      layers.stages.push_back(MakeBlock(name, shape.bottleneck, channels, width, stride));
      channels = shape.bottleneck ? width * kBottleneckExpansion : width;
    }
  }
  return std::make_unique<ConvTrunk>(row, std::move(layers));
}

TrunkRow ResNetRow(const char* name, int64_t channels, const char* mark, std::vector<int64_t> mark_shape,
                   const ResNetShape& shape) {
  return {.name = name,
          .channels = channels,
          .mark = mark,
          .mark_shape = std::move(mark_shape),
          .classifier_prefixes = {"fc."},
          .cirtorch_prefixes = {{"conv1.", "features.0."},
                                {"bn1.", "features.1."},
                                {"layer1.", "features.4."},
                                {"layer2.", "features.5."},
                                {"layer3.", "features.6."},
                                {"layer4.", "features.7."}},
          .is_in_cosplace = true,
          .make = [shape](const TrunkRow& row, MapEnd /*end*/) { return MakeResNet(row, shape); }};
}

}  // namespace

std::vector<TrunkRow> ResNetTrunks() {
  return {
      ResNetRow("resnet152", 2048, ".35.conv1.weight", {256, 1024, 1, 1}, {true, {3, 8, 36, 3}}),
      ResNetRow("resnet101", 2048, ".22.conv1.weight", {256, 1024, 1, 1}, {true, {3, 4, 23, 3}}),
      ResNetRow("resnet50", 2048, ".2.conv3.weight", {2048, 512, 1, 1}, {true, {3, 4, 6, 3}}),
      // Cut after the group that papers call conv4, as in BoQ.
      ResNetRow("resnet50_conv4", 1024, ".5.conv3.weight", {1024, 256, 1, 1}, {true, {3, 4, 6, 0}}),
      ResNetRow("resnet34", 512, ".2.conv1.weight", {512, 512, 3, 3}, {false, {3, 4, 6, 3}}),
      ResNetRow("resnet18", 512, ".1.conv1.weight", {512, 512, 3, 3}, {false, {2, 2, 2, 2}}),
      ResNetRow("resnet18_conv4", 256, ".1.conv1.weight", {256, 256, 3, 3}, {false, {2, 2, 2, 0}}),
  };
}

}  // namespace vantage::nn
