// SPDX-License-Identifier: BSD-3-Clause
#include <ATen/TensorOperators.h>
#include <ATen/ops/addcmul.h>
#include <ATen/ops/avg_pool2d.h>
#include <ATen/ops/cat.h>

#include <array>
#include <map>

#include "nn/trunks.h"

// Huang et al., Densely Connected Convolutional Networks, CVPR 2017; layers and names as in torchvision, with
// a ReLU at the end, as cirtorch has it.
namespace vantage::nn {
namespace {

constexpr double kDenseNetNormEpsilon = 1e-5;
constexpr int64_t kBottleneck = 4;  // growth rates that a layer's 1x1 convolution gives

class NormThenRelu : public Layer {
 public:
  NormThenRelu(std::string name, int64_t channels) : norm_(std::move(name), channels, kDenseNetNormEpsilon) {}

  at::Tensor Forward(const at::Tensor& x_BCHW) const override {
    if (frozen_scale_.defined()) return at::addcmul(frozen_shift_, x_BCHW, frozen_scale_).relu_();
    if (norm_.uses_batch_statistics()) return norm_.NormalizeByBatch(x_BCHW).relu();
    const at::Tensor scale = norm_.Scale();
    const auto as_input = [&](const at::Tensor& x) { return x.view({1, -1, 1, 1}).to(x_BCHW.scalar_type()); };
    return (x_BCHW * as_input(scale) + as_input(norm_.Shift(scale))).relu();
  }

  void Visit(const TensorVisitor& visitor) override {
    if (!frozen_scale_.defined()) norm_.Visit(visitor);
  }

  void ForEachNorm(const std::function<void(BatchNorm&)>& visit) override { visit(norm_); }

  void Freeze(at::ScalarType type) override {
    const at::Tensor scale = norm_.Scale();
    frozen_scale_ = scale.view({1, -1, 1, 1}).to(type);
    frozen_shift_ = norm_.Shift(scale).view({1, -1, 1, 1}).to(type);
  }

 private:
  BatchNorm norm_;
  at::Tensor frozen_scale_;  // 1 x C x 1 x 1
  at::Tensor frozen_shift_;
};

// Adds `growth` channels, computed from all before, to its input.
class DenseLayer : public Layer {
 public:
  DenseLayer(const std::string& name, int64_t in_channels, int64_t growth)
      : norm1_(name + ".norm1", in_channels),
        conv1_(name + ".conv1", {in_channels, kBottleneck * growth, 1}, name + ".norm2", kDenseNetNormEpsilon,
               Activation::kRelu),
        conv2_(name + ".conv2", {kBottleneck * growth, growth, 3, 1, 1}, Activation::kNone,
               /*has_bias=*/false) {}

  at::Tensor Forward(const at::Tensor& x_BCHW) const override {
    return at::cat({x_BCHW, conv2_.Forward(conv1_.Forward(norm1_.Forward(x_BCHW)))}, 1);
  }

  void ForEachChild(const std::function<void(Layer&)>& visit) override {
    visit(norm1_);
    visit(conv1_);
    visit(conv2_);
  }

 private:
  NormThenRelu norm1_;
  ConvolutionUnit conv1_;  // with norm2
  ConvolutionUnit conv2_;
};

class AveragePool : public Layer {
 public:
  at::Tensor Forward(const at::Tensor& x_BCHW) const override { return at::avg_pool2d(x_BCHW, 2, 2); }
};

struct DenseNetShape {
  int64_t growth;
  int64_t first_channels;
  std::array<int, 4> layers;  // of each block
};

}  // namespace

Trunk MakeDenseNet(const std::string& architecture) {
  static const std::map<std::string, DenseNetShape> kShapes = {{"densenet121", {32, 64, {6, 12, 24, 16}}},
                                                               {"densenet161", {48, 96, {6, 12, 36, 24}}},
                                                               {"densenet169", {32, 64, {6, 12, 32, 32}}},
                                                               {"densenet201", {32, 64, {6, 12, 48, 32}}}};
  const DenseNetShape& shape = kShapes.at(architecture);
  auto layers = std::make_unique<Sequence>();
  int64_t channels = shape.first_channels;
  layers->Add(std::make_unique<ConvolutionUnit>("features.conv0", ConvolutionOptions{3, channels, 7, 2, 3},
                                                "features.norm0", kDenseNetNormEpsilon, Activation::kRelu));
  layers->Add(std::make_unique<MaxPool>(3, 2, 1, /*ceil_mode=*/false));
  for (size_t block = 0; block < shape.layers.size(); ++block) {
    const std::string number = std::to_string(block + 1);
    for (int i = 1; i <= shape.layers[block]; ++i) {
      layers->Add(std::make_unique<DenseLayer>(
          "features.denseblock" + number + ".denselayer" + std::to_string(i), channels, shape.growth));
      channels += shape.growth;
    }
    if (block + 1 == shape.layers.size()) break;
    const std::string transition = "features.transition" + number;
    layers->Add(std::make_unique<NormThenRelu>(transition + ".norm", channels));
    layers->Add(std::make_unique<ConvolutionUnit>(transition + ".conv",
                                                  ConvolutionOptions{channels, channels / 2, 1},
                                                  Activation::kNone, /*has_bias=*/false));
    layers->Add(std::make_unique<AveragePool>());
    channels /= 2;
  }
  layers->Add(std::make_unique<NormThenRelu>("features.norm5", channels));
  return {architecture,
          channels,
          {},
          std::move(layers),
          {{"features.conv0.", "features.0."},
           {"features.norm0.", "features.1."},
           {"features.denseblock1.", "features.4."},
           {"features.transition1.", "features.5."},
           {"features.denseblock2.", "features.6."},
           {"features.transition2.", "features.7."},
           {"features.denseblock3.", "features.8."},
           {"features.transition3.", "features.9."},
           {"features.denseblock4.", "features.10."},
           {"features.norm5.", "features.11."}},
          {"classifier."}};
}

}  // namespace vantage::nn
