// SPDX-License-Identifier: BSD-3-Clause
#include "nn/conv_trunk.h"

// Krizhevsky, One weird trick for parallelizing convolutional neural networks, 2014; layers and names as in
// torchvision, without the last pooling.
namespace vantage::nn {
namespace {

std::unique_ptr<Trunk> MakeAlexNet(const TrunkRow& row, MapEnd /*end*/) {
  const auto unit = [](int index, const ConvolutionOptions& options) {
    return std::make_unique<ConvolutionUnit>("features." + std::to_string(index), options, kRelu);
  };
  const auto pool = [] { return std::make_unique<MaxPool>(3, 2, 0, /*ceil_mode=*/false); };
  ConvTrunk::Layers layers;
  layers.stem.Add(unit(0, {3, 64, 11, 4, 2}));
  layers.stem.Add(pool());
  layers.stages.push_back(unit(3, {64, 192, 5, 1, 2}));
  layers.stages.push_back(InSequence(pool(), unit(6, {192, 384, 3, 1, 1})));
  layers.stages.push_back(unit(8, {384, 256, 3, 1, 1}));
  layers.stages.push_back(unit(10, {256, 256, 3, 1, 1}));
  return std::make_unique<ConvTrunk>(row, std::move(layers));
}

}  // namespace

std::vector<TrunkRow> AlexNetTrunks() {
  return {{.name = "alexnet",
           .channels = 256,
           .input = {.smallest_side = 31},
           .mark = ".10.weight",
           .mark_shape = {256, 256, 3, 3},
           .classifier_prefixes = {"classifier."},
           .make = MakeAlexNet}};
}

}  // namespace vantage::nn
