// SPDX-License-Identifier: BSD-3-Clause
#include <array>

#include "nn/conv_trunk.h"

// Simonyan and Zisserman, Very Deep Convolutional Networks, ICLR 2015; layers and names as in torchvision,
// without the last pooling. With "_bn" every convolution, which keeps its bias, is followed by batch norm.
namespace vantage::nn {
namespace {

constexpr double kVggNormEpsilon = 1e-5;
constexpr std::array<int64_t, 5> kWidths = {64, 128, 256, 512, 512};

struct VggShape {
  std::array<int, 5> convolutions;  // of each width
  bool has_norm;
};

std::unique_ptr<Trunk> MakeVgg(const TrunkRow& row, MapEnd end, const VggShape& shape) {
  ConvTrunk::Layers layers;
  int64_t channels = 3;
  int index = 0;  // torchvision's, which counts ReLUs and pools too
  const auto next_name = [&] { return "features." + std::to_string(index++); };
  for (size_t width = 0; width < kWidths.size(); ++width) {
    for (int i = 0; i < shape.convolutions[width]; ++i) {
      std::unique_ptr<Layer> pool;
      if (width > 0 && i == 0) {
        pool = std::make_unique<MaxPool>(2, 2, 0, /*ceil_mode=*/false);
        ++index;
      }
      const ConvolutionOptions options{channels, kWidths[width], 3, 1, 1};
      const std::string name = next_name();
      const bool is_last = width + 1 == kWidths.size() && i + 1 == shape.convolutions[width];
      const Activation& activation = is_last && end == MapEnd::kBeforeActivation ? kNoActivation : kRelu;
      auto unit = shape.has_norm ? std::make_unique<ConvolutionUnit>(name, options, next_name(),
                                                                     kVggNormEpsilon, activation,
                                                                     /*has_bias=*/true)
                                 : std::make_unique<ConvolutionUnit>(name, options, activation);
      ++index;
      channels = kWidths[width];
      if (layers.stages.empty() && width == 0 && i == 0) {
        layers.stem.Add(std::move(unit));
      } else {
        layers.stages.push_back(pool ? InSequence(std::move(pool), std::move(unit)) : std::move(unit));
      }
    }
  }
  return std::make_unique<ConvTrunk>(row, std::move(layers));
}

TrunkRow VggRow(const char* name, const char* mark, const VggShape& shape) {
  return {.name = name,
          .channels = kWidths.back(),
          .input = {.smallest_side = 16},
          .mark = mark,
          .mark_shape = {512, 512, 3, 3},
          .classifier_prefixes = {"classifier."},
          .is_in_cosplace = true,
          .can_end_before_activation = true,
          .make = [shape](const TrunkRow& row, MapEnd end) { return MakeVgg(row, end, shape); }};
}

}  // namespace

std::vector<TrunkRow> VggTrunks() {
  return {VggRow("vgg19_bn", ".49.weight", {{2, 2, 4, 4, 4}, true}),
          VggRow("vgg16_bn", ".40.weight", {{2, 2, 3, 3, 3}, true}),
          VggRow("vgg13_bn", ".31.weight", {{2, 2, 2, 2, 2}, true}),
          VggRow("vgg19", ".34.weight", {{2, 2, 4, 4, 4}, false}),
          VggRow("vgg11_bn", ".25.weight", {{1, 1, 2, 2, 2}, true}),
          VggRow("vgg16", ".28.weight", {{2, 2, 3, 3, 3}, false}),
          VggRow("vgg13", ".22.weight", {{2, 2, 2, 2, 2}, false}),
          VggRow("vgg11", ".18.weight", {{1, 1, 2, 2, 2}, false})};
}

}  // namespace vantage::nn
