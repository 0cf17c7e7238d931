// SPDX-License-Identifier: BSD-3-Clause
#include <ATen/TensorOperators.h>
#include <ATen/ops/addcmul.h>
#include <ATen/ops/avg_pool2d.h>
#include <ATen/ops/cat.h>

#include <array>
#include <optional>

#include "nn/conv_trunk.h"
#include "nn/precision.h"

// Huang et al., Densely Connected Convolutional Networks, CVPR 2017; layers and names as in torchvision, with
// a ReLU at the end, as cirtorch has it.
namespace vantage::nn {
namespace {

constexpr double kDenseNetNormEpsilon = 1e-5;
constexpr int64_t kBottleneck = 4;  // growth rates that a layer's 1x1 convolution gives

// Nothing precedes the norm, so that it is folded for describing alone: into a scale and a shift.
class NormThenRelu : public Layer, public NormedLayer {
 public:
  NormThenRelu(std::string name, int64_t channels)
      : name_(std::move(name)), norm_(std::in_place, name_, channels, kDenseNetNormEpsilon) {}

  at::Tensor Forward(const at::Tensor& x_BCHW, const PassContext& pass) const override {
    if (!norm_) return at::addcmul(shift_, x_BCHW, scale_).relu_();
    if (norm_->uses_batch_statistics() && pass.is_training)
      return norm_->NormalizeByBatch(x_BCHW, pass).relu();
    const at::Tensor scale = norm_->Scale();
    const auto as_input = [&](const at::Tensor& x) { return CastLike(x.view({1, -1, 1, 1}), x_BCHW); };
    return (x_BCHW * as_input(scale) + as_input(norm_->Shift(scale))).relu();
  }

  void Replace(const TensorReplacer& replacer) override {
    if (norm_) return norm_->Replace(replacer);
    replacer(name_ + ".scale", scale_, TensorRole::kParameter);
    replacer(name_ + ".shift", shift_, TensorRole::kParameter);
  }

  BatchNorm* norm() override { return norm_ ? &*norm_ : nullptr; }
  bool norm_follows_weights() const override { return false; }
  void FoldNorm() override {
    scale_ = norm_->Scale().view({1, -1, 1, 1});
    shift_ = norm_->Shift(scale_.view({-1})).view({1, -1, 1, 1});
    norm_.reset();
  }

 private:
  std::string name_;
  std::optional<BatchNorm> norm_;
  at::Tensor scale_;  // 1 x C x 1 x 1
  at::Tensor shift_;
};

// Adds `growth` channels, computed from all before, to its input.
class DenseLayer : public Layer {
 public:
  DenseLayer(const std::string& name, int64_t in_channels, int64_t growth)
      : norm1_(name + ".norm1", in_channels),
        conv1_(name + ".conv1", {in_channels, kBottleneck * growth, 1}, name + ".norm2", kDenseNetNormEpsilon,
               kRelu),
        conv2_(name + ".conv2", {kBottleneck * growth, growth, 3, 1, 1}, kNoActivation,
               /*has_bias=*/false) {}

  at::Tensor Forward(const at::Tensor& x_BCHW, const PassContext& pass) const override {
    return at::cat({x_BCHW, conv2_.Forward(conv1_.Forward(norm1_.Forward(x_BCHW, pass), pass), pass)}, 1);
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
  at::Tensor Forward(const at::Tensor& x_BCHW, const PassContext& /*pass*/) const override {
    return at::avg_pool2d(x_BCHW, 2, 2);
  }
};

struct DenseNetShape {
  int64_t growth;
  int64_t first_channels;
  std::array<int, 4> layers;  // of each block
};

std::unique_ptr<Trunk> MakeDenseNet(const TrunkRow& row, const DenseNetShape& shape) {
  ConvTrunk::Layers layers;
  int64_t channels = shape.first_channels;
  layers.stem.Add(std::make_unique<ConvolutionUnit>("features.conv0",
                                                    ConvolutionOptions{3, channels, 7, 2, 3},
                                                    "features.norm0", kDenseNetNormEpsilon, kRelu));
  layers.stem.Add(std::make_unique<MaxPool>(3, 2, 1, /*ceil_mode=*/false));
  for (size_t block = 0; block < shape.layers.size(); ++block) {
    const std::string number = std::to_string(block + 1);
    for (int i = 1; i <= shape.layers[block]; ++i) {
      layers.stages.push_back(std::make_unique<DenseLayer>(
          "features.denseblock" + number + ".denselayer" + std::to_string(i), channels, shape.growth));
      channels += shape.growth;
    }
    if (block + 1 == shape.layers.size()) break;
    const std::string transition = "features.transition" + number;
    layers.stages.push_back(InSequence(
        std::make_unique<NormThenRelu>(transition + ".norm", channels),
        std::make_unique<ConvolutionUnit>(transition + ".conv", ConvolutionOptions{channels, channels / 2, 1},
                                          kNoActivation, /*has_bias=*/false),
        std::make_unique<AveragePool>()));
    channels /= 2;
  }
  layers.last.Add(std::make_unique<NormThenRelu>("features.norm5", channels));
  return std::make_unique<ConvTrunk>(row, std::move(layers));
}

TrunkRow DenseNetRow(const char* name, int64_t channels, const char* mark, std::vector<int64_t> mark_shape,
                     const DenseNetShape& shape) {
  return {.name = name,
          .channels = channels,
          .input = {.smallest_side = 29},
          .mark = mark,
          .mark_shape = std::move(mark_shape),
          .classifier_prefixes = {"classifier."},
          .cirtorch_prefixes = {{"features.conv0.", "features.0."},
                                {"features.norm0.", "features.1."},
                                {"features.denseblock1.", "features.4."},
                                {"features.transition1.", "features.5."},
                                {"features.denseblock2.", "features.6."},
                                {"features.transition2.", "features.7."},
                                {"features.denseblock3.", "features.8."},
                                {"features.transition3.", "features.9."},
                                {"features.denseblock4.", "features.10."},
                                {"features.norm5.", "features.11."}},
          .make = [shape](const TrunkRow& row, MapEnd /*end*/) { return MakeDenseNet(row, shape); }};
}

}  // namespace

std::vector<TrunkRow> DenseNetTrunks() {
  return {DenseNetRow("densenet201", 1920, ".denselayer32.conv1.weight", {128, 1888, 1, 1},
                      {32, 64, {6, 12, 48, 32}}),
          DenseNetRow("densenet169", 1664, ".denselayer32.conv1.weight", {128, 1632, 1, 1},
                      {32, 64, {6, 12, 32, 32}}),
          DenseNetRow("densenet161", 2208, ".denselayer24.conv1.weight", {192, 2160, 1, 1},
                      {48, 96, {6, 12, 36, 24}}),
          DenseNetRow("densenet121", 1024, ".denselayer16.conv1.weight", {128, 992, 1, 1},
                      {32, 64, {6, 12, 24, 16}})};
}

}  // namespace vantage::nn
