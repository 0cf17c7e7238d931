// SPDX-License-Identifier: BSD-3-Clause
#include "nn/winograd.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>

#include <ATen/ops/ones.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/zeros.h>

#include <cmath>
#include <tuple>

#include "nn/convolution.h"
#include "nn/intra_op_threads.h"
#include "testing/files.h"
#include "testing/tensors.h"

namespace vantage::nn {
namespace {

using vantage::testing::ErrorOf;
using vantage::testing::RelativeError;

// Share of the result's norm. The exact result is computed in float64. Products of transformed values have
// rounding errors of about ten units in the last place (2^-24), which add up like random errors.
constexpr double kTolerance = 2e-6;

struct Shape {
  int64_t batch = 1;
  int64_t in_channels = 1;
  int64_t out_channels = 1;
  int64_t height = 1;
  int64_t width = 1;
};

struct Layer33 {
  at::Tensor x_BCHW;
  at::Tensor weight;
  at::Tensor bias;
  at::Tensor residual_BCHW;
};

Layer33 MakeLayer(const Shape& shape) {
  at::manual_seed(shape.batch + 7 * shape.in_channels + 31 * shape.out_channels + 101 * shape.height +
                  shape.width);
  return {at::randn({shape.batch, shape.in_channels, shape.height, shape.width}).relu(),
          at::randn({shape.out_channels, shape.in_channels, 3, 3}) *
              std::sqrt(2.0 / static_cast<double>(9 * shape.in_channels)),
          at::randn({shape.out_channels}),
          at::randn({shape.batch, shape.out_channels, shape.height, shape.width})};
}

at::Tensor Exact(const Layer33& layer, const at::Tensor& bias, const at::Tensor& residual,
                 const Activation& activation) {
  const auto in_double = [](const at::Tensor& x) { return x.defined() ? x.to(at::kDouble) : x; };
  return PlainConvolution(in_double(layer.x_BCHW), in_double(layer.weight), in_double(bias),
                          {.kernel = 3, .stride = 1, .padding = 1}, in_double(residual), activation);
}

class Winograd : public ::testing::TestWithParam<const WinogradKernels* (*)()> {
 protected:
  static WinogradConvolution Make(const at::Tensor& weight, const at::Tensor& bias) {
    return {weight, bias, *GetParam()()};
  }
};

TEST_P(Winograd, IsTheConvolutionForAllShapes) {
  for (const Shape& shape : std::initializer_list<Shape>{{1, 1, 1, 1, 1},
                                                         {1, 8, 16, 1, 1},
                                                         {2, 3, 5, 1, 9},
                                                         {1, 17, 33, 7, 1},
                                                         {3, 16, 64, 4, 4},
                                                         {1, 16, 64, 5, 3},
                                                         {2, 48, 192, 13, 18},
                                                         {1, 64, 64, 50, 75},
                                                         {4, 20, 12, 2, 2},
                                                         {1, 129, 131, 11, 10},
                                                         {1, 256, 256, 23, 17},
                                                         {1, 512, 512, 7, 12},
                                                         {5, 9, 15, 40, 41}}) {
    const Layer33 layer = MakeLayer(shape);
    const at::Tensor y_BCHW = Make(layer.weight, layer.bias)(layer.x_BCHW, {}, kNoActivation);
    EXPECT_LT(RelativeError(y_BCHW, Exact(layer, layer.bias, {}, kNoActivation)), kTolerance)
        << layer.x_BCHW.sizes() << " to " << shape.out_channels;
    EXPECT_TRUE(y_BCHW.is_contiguous(at::MemoryFormat::ChannelsLast));
  }
}

TEST_P(Winograd, AddsBiasAndResidualBeforeTheActivation) {
  const Layer33 layer =
      MakeLayer({.batch = 2, .in_channels = 24, .out_channels = 20, .height = 9, .width = 14});
  for (const at::Tensor& bias : {at::Tensor(), layer.bias}) {
    for (const at::Tensor& residual : {at::Tensor(), layer.residual_BCHW}) {
      for (const Activation* row : Activations()) {
        const Activation& activation = *row;
        const Layer33 stronger = {layer.x_BCHW * 4, layer.weight, bias, residual};  // so that values exceed 6
        const at::Tensor y_BCHW = Make(layer.weight, bias)(stronger.x_BCHW, residual, activation);
        EXPECT_LT(RelativeError(y_BCHW, Exact(stronger, bias, residual, activation)), kTolerance)
            << bias.defined() << residual.defined() << activation.name;
      }
    }
  }
}

TEST_P(Winograd, TakesAnyLayoutOfMemory) {
  const Layer33 layer =
      MakeLayer({.batch = 2, .in_channels = 16, .out_channels = 16, .height = 11, .width = 6});
  const WinogradConvolution convolution = Make(layer.weight, layer.bias);
  const at::Tensor expected = convolution(layer.x_BCHW, layer.residual_BCHW, kRelu);
  const at::Tensor channels_last =
      convolution(layer.x_BCHW.contiguous(at::MemoryFormat::ChannelsLast), layer.residual_BCHW, kRelu);
  const at::Tensor turned =
      convolution(layer.x_BCHW.transpose(2, 3).contiguous().transpose(2, 3), layer.residual_BCHW, kRelu);
  EXPECT_TRUE(channels_last.equal(expected));
  EXPECT_TRUE(turned.equal(expected));
}

TEST_P(Winograd, KeepsInfinitiesAndNansToTheirNeighbourhood) {
  Layer33 layer = MakeLayer({.batch = 1, .in_channels = 16, .out_channels = 16, .height = 16, .width = 16});
  layer.x_BCHW[0][3][8][8] = std::nanf("");
  const at::Tensor y_BCHW = Make(layer.weight, layer.bias)(layer.x_BCHW, {}, kNoActivation);
  EXPECT_TRUE(y_BCHW.narrow(2, 7, 3).narrow(3, 7, 3).isnan().all().item<bool>());
  EXPECT_FALSE(y_BCHW.narrow(2, 0, 4).isnan().any().item<bool>());
}

TEST_P(Winograd, IsTheSameForAnyNumberOfThreadsAndAnyBatch) {
  const Layer33 layer =
      MakeLayer({.batch = 3, .in_channels = 32, .out_channels = 48, .height = 30, .width = 45});
  const WinogradConvolution convolution = Make(layer.weight, layer.bias);
  at::Tensor by_one;
  {
    const IntraOpThreads alone(1);
    alone.Enter();
    by_one = convolution(layer.x_BCHW, {}, kRelu);
  }
  const IntraOpThreads three(3);
  three.Enter();
  EXPECT_TRUE(convolution(layer.x_BCHW, {}, kRelu).equal(by_one));
  for (int64_t i = 0; i < 3; ++i) {
    EXPECT_TRUE(convolution(layer.x_BCHW.narrow(0, i, 1), {}, kRelu).equal(by_one.narrow(0, i, 1)));
  }
}

TEST_P(Winograd, RefusesOtherTensors) {
  const WinogradConvolution convolution = Make(at::ones({4, 3, 3, 3}), {});
  EXPECT_NE(ErrorOf([&] { convolution(at::zeros({1, 4, 8, 8}), {}, kNoActivation); }), "");
  EXPECT_NE(ErrorOf([&] { convolution(at::zeros({1, 3, 8, 8}, at::kDouble), {}, kNoActivation); }), "");
  EXPECT_NE(ErrorOf([&] {
              convolution(at::zeros({1, 3, 8, 8}), at::zeros({1, 4, 8, 9}), kNoActivation);
            }),
            "");
  EXPECT_NE(ErrorOf([&] { Make(at::ones({4, 3, 5, 5}), {}); }), "");
}

TEST_P(Winograd, OfNoMapsIsNone) {
  EXPECT_EQ(Make(at::ones({4, 3, 3, 3}), {})(at::zeros({0, 3, 8, 8}), {}, kNoActivation).numel(), 0);
}

INSTANTIATE_TEST_SUITE_P(, Winograd,
                         ::testing::Values(
                             +[] { return &PortableWinogradKernels(); },
                             +[] { return &FastestWinogradKernels(); }),
                         [](const auto& variant) { return variant.index == 0 ? "Portable" : "Fastest"; });

TEST(WinogradSuits, OnlyPlainThreeByThree) {
  const ConvolutionOptions suited = {
      .in_channels = 64, .out_channels = 64, .kernel = 3, .stride = 1, .padding = 1};
  EXPECT_EQ(WinogradSuits(suited), WinogradPays());
  const auto suits = [&](auto change) {
    ConvolutionOptions options = suited;
    change(options);
    return WinogradSuits(options);
  };
  EXPECT_FALSE(suits([](ConvolutionOptions& options) { options.kernel = 1; }));
  EXPECT_FALSE(suits([](ConvolutionOptions& options) { options.stride = 2; }));
  EXPECT_FALSE(suits([](ConvolutionOptions& options) { options.padding = 0; }));
  EXPECT_FALSE(suits([](ConvolutionOptions& options) { options.extra_padding = 1; }));
  EXPECT_FALSE(suits([](ConvolutionOptions& options) { options.groups = 64; }));
  EXPECT_FALSE(suits([](ConvolutionOptions& options) { options.in_channels = 3; }));
}

}  // namespace
}  // namespace vantage::nn
