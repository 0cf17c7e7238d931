// SPDX-License-Identifier: BSD-3-Clause
#include "nn/trunks.h"

// Krizhevsky, One weird trick for parallelizing convolutional neural networks, 2014; layers and names as in
// torchvision, without the last pooling.
namespace vantage::nn {

Trunk MakeAlexNet(const std::string& architecture) {
  auto layers = std::make_unique<Sequence>();
  const auto add = [&](int index, const ConvolutionOptions& options) {
    layers->Add(
        std::make_unique<ConvolutionUnit>("features." + std::to_string(index), options, Activation::kRelu));
  };
  const auto add_pool = [&] { layers->Add(std::make_unique<MaxPool>(3, 2, 0, /*ceil_mode=*/false)); };
  add(0, {3, 64, 11, 4, 2});
  add_pool();
  add(3, {64, 192, 5, 1, 2});
  add_pool();
  add(6, {192, 384, 3, 1, 1});
  add(8, {384, 256, 3, 1, 1});
  add(10, {256, 256, 3, 1, 1});
  return {architecture, 256, {}, std::move(layers), {}, {"classifier."}};
}

}  // namespace vantage::nn
