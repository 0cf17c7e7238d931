// SPDX-License-Identifier: BSD-3-Clause
#include <ATen/TensorOperators.h>
#include <ATen/ops/linspace.h>
#include <ATen/ops/sin.h>
#include <torch/csrc/autograd/autograd.h>

#include "nn/convolution.h"
#include "testing/files.h"
#include "testing/tensors.h"

namespace vantage::nn {
namespace {

using vantage::testing::RelativeError;

struct ConvolutionCase {
  const char* name;
  ConvolutionOptions options;
  const Activation* activation = &kRelu;
  bool has_bias = true;
  bool has_residual = false;
  int64_t images = 1;
};

at::Tensor Waves(const std::vector<int64_t>& sizes, double speed) {
  int64_t count = 1;
  for (const int64_t size : sizes) count *= size;
  at::Tensor x = at::linspace(0, speed * static_cast<double>(count), count).sin().view(sizes);
  if (sizes.size() == 4) x = x.contiguous(at::MemoryFormat::ChannelsLast);
  return x.requires_grad_(true);
}

class TrainedConvolutionOf : public ::testing::TestWithParam<ConvolutionCase> {};

TEST_P(TrainedConvolutionOf, HasThePlainValuesAndGradients) {
  const ConvolutionCase& test = GetParam();
  const ConvolutionOptions& o = test.options;
  const at::Tensor x = Waves({test.images, o.in_channels, 13, 10}, 0.37);
  const at::Tensor weight = Waves({o.out_channels, o.in_channels / o.groups, o.kernel, o.kernel}, 0.53);
  const at::Tensor bias = test.has_bias ? Waves({o.out_channels}, 0.71) : at::Tensor();
  const int64_t height = (13 + 2 * o.padding - o.kernel) / o.stride + 1;
  const int64_t width = (10 + 2 * o.padding - o.kernel) / o.stride + 1;
  const at::Tensor residual =
      test.has_residual ? Waves({test.images, o.out_channels, height, width}, 0.9) : at::Tensor();
  std::vector<at::Tensor> inputs = {x, weight};
  if (test.has_bias) inputs.push_back(bias);
  if (test.has_residual) inputs.push_back(residual);

  const at::Tensor expected = PlainConvolution(x, weight, bias, o, residual, *test.activation);
  const at::Tensor actual = TrainedConvolution(x, weight, bias, o, residual, *test.activation);
  EXPECT_LT(RelativeError(actual, expected), 1e-5);
  const at::Tensor direction = Waves(expected.sizes().vec(), 0.11).detach();
  const auto expected_gradients = torch::autograd::grad({expected}, inputs, {direction});
  const auto gradients = torch::autograd::grad({actual}, inputs, {direction});
  for (size_t i = 0; i < inputs.size(); ++i)
    EXPECT_LT(RelativeError(gradients[i], expected_gradients[i]), 2e-5) << i;
}

INSTANTIATE_TEST_SUITE_P(
    All, TrainedConvolutionOf,
    ::testing::Values(ConvolutionCase{"OneByOne", {16, 24, 1}},
                      ConvolutionCase{"ThreeByThree", {16, 24, 3, 1, 1}},
                      ConvolutionCase{"Strided", {16, 24, 3, 2, 1}},
                      ConvolutionCase{"OneByOneStrided", {16, 24, 1, 2, 0}, &kNoActivation},
                      ConvolutionCase{"ThreeChannels", {3, 64, 7, 2, 3}},
                      ConvolutionCase{"Depthwise", {24, 24, 3, 1, 1, 0, 24}, &kRelu6},
                      ConvolutionCase{"Relu6", {16, 24, 3, 1, 1}, &kRelu6},
                      ConvolutionCase{"WithResidual", {16, 24, 1}, &kRelu, true, true},
                      ConvolutionCase{"ResidualAlone", {16, 24, 3, 1, 1}, &kNoActivation, false, true},
                      ConvolutionCase{"WithoutBias", {16, 24, 3, 1, 1}, &kRelu, false},
                      ConvolutionCase{"Batch", {16, 24, 3, 1, 1}, &kRelu, true, true, 3}),
    [](const auto& test) { return std::string(test.param.name); });

class ActivationRow : public ::testing::TestWithParam<const Activation*> {};

// Also after a residual, and as the function with the gradient that its row states.
TEST_P(ActivationRow, IsFusedWithThePlainValuesAndGradients) {
  const Activation& activation = *GetParam();
  const at::Tensor x = (Waves({2, 16, 9, 8}, 0.37) * 4).detach().requires_grad_(true);
  const at::Tensor weight = Waves({24, 16, 3, 3}, 0.53);
  const ConvolutionOptions options{16, 24, 3, 1, 1};
  for (const at::Tensor& residual : {at::Tensor(), Waves({2, 24, 9, 8}, 0.9)}) {
    const at::Tensor expected = PlainConvolution(x, weight, {}, options, residual, activation);
    const at::Tensor actual = TrainedConvolution(x, weight, {}, options, residual, activation);
    EXPECT_LT(RelativeError(actual, expected), 1e-5);
    EXPECT_LT(RelativeError(FusedConvolution(x.detach(), weight.detach(), {}, options,
                                             residual.defined() ? residual.detach() : residual, activation),
                            expected),
              1e-5);
    const at::Tensor direction = Waves(expected.sizes().vec(), 0.11).detach();
    const auto expected_gradients = torch::autograd::grad({expected}, {x, weight}, {direction});
    const auto gradients = torch::autograd::grad({actual}, {x, weight}, {direction});
    for (size_t i = 0; i < gradients.size(); ++i)
      EXPECT_LT(RelativeError(gradients[i], expected_gradients[i]), 2e-5) << i;
  }
}

INSTANTIATE_TEST_SUITE_P(All, ActivationRow, ::testing::ValuesIn(Activations()),
                         [](const auto& test) { return std::string(test.param->name); });

TEST(TrainedConvolution, WeightsThatAreNotTrainedGetNoGradient) {
  const at::Tensor x = Waves({1, 8, 6, 6}, 0.3);
  const at::Tensor weight = Waves({8, 8, 3, 3}, 0.2).detach();
  const at::Tensor y = TrainedConvolution(x, weight, {}, {8, 8, 3, 1, 1}, {}, kRelu);
  const at::Tensor plain = PlainConvolution(x, weight, {}, {8, 8, 3, 1, 1}, {}, kRelu);
  EXPECT_LT(
      RelativeError(torch::autograd::grad({y.sum()}, {x})[0], torch::autograd::grad({plain.sum()}, {x})[0]),
      1e-5);
}

}  // namespace
}  // namespace vantage::nn
