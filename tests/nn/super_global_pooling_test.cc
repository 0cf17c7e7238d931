// SPDX-License-Identifier: BSD-3-Clause
#include "nn/super_global_pooling.h"
#include "vantage/model.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/full.h>
#include <ATen/ops/linspace.h>
#include <ATen/ops/max.h>
#include <ATen/ops/sin.h>

#include <cmath>

#include "nn/descriptor_net.h"
#include "nn/pooling.h"
#include "testing/files.h"
#include "testing/tensors.h"

namespace vantage::nn {
namespace {

using ::testing::HasSubstr;
using vantage::testing::ErrorOf;
using vantage::testing::FillByFormula;
using vantage::testing::RelativeError;

at::Tensor MapWaves(std::initializer_list<int64_t> shape, double speed) {
  int64_t count = 1;
  for (const int64_t side : shape) count *= side;
  return at::linspace(0, speed, count, at::kDouble).sin().view(shape);
}

// The place after mirroring at the edges.
int64_t Mirrored(int64_t i, int64_t size) { return i < 0 ? -i : i >= size ? 2 * (size - 1) - i : i; }

TEST(RegionalGem, IsTheMeanOfALocationAndTheGeneralisedMeanAroundIt) {
  const at::Tensor x = MapWaves({2, 3, 5, 7}, 300);  // some values below zero
  for (const int64_t size : {3, 5}) {
    const at::Tensor actual = RegionalGem(x, size, 2.5);
    const auto in = x.accessor<double, 4>();
    const auto out = actual.accessor<double, 4>();
    for (int64_t b = 0; b < 2; ++b)
      for (int64_t c = 0; c < 3; ++c)
        for (int64_t i = 0; i < 5; ++i)
          for (int64_t j = 0; j < 7; ++j) {
            double sum = 0;
            for (int64_t di = -size / 2; di <= size / 2; ++di)
              for (int64_t dj = -size / 2; dj <= size / 2; ++dj)
                sum += std::pow(std::max(0.0, in[b][c][Mirrored(i + di, 5)][Mirrored(j + dj, 7)]), 2.5);
            const double expected =
                (in[b][c][i][j] + std::pow(sum / static_cast<double>(size * size), 1 / 2.5)) / 2;
            EXPECT_NEAR(out[b][c][i][j], expected, 1e-12);
          }
  }
}

TEST(RegionalGem, LeavesWhatIsTheSameEverywhere) {
  const at::Tensor x = at::full({1, 4, 6, 6}, 1.7, at::kDouble);
  EXPECT_LT(RelativeError(RegionalGem(x, 5, 2.5), x), 1e-12);
  EXPECT_LT(
      RelativeError(RegionalGem(MapWaves({1, 2, 3, 3}, 9).abs(), 1, 2.5), MapWaves({1, 2, 3, 3}, 9).abs()),
      1e-12);
}

TEST(RegionalGem, EvenSizesAreRefused) {
  EXPECT_THAT(ErrorOf([] { RegionalGem(MapWaves({1, 1, 6, 6}, 9), 4, 2.5); }), HasSubstr("4 is not odd"));
}

TEST(PoolScales, TakesTheLargestOfUnitVectors) {
  const at::Tensor a = MapWaves({3, 8}, 50) * 7;
  const at::Tensor b = MapWaves({3, 8}, 90);
  const auto unit = [](const at::Tensor& x) { return x / x.norm(2, {1}, true); };
  EXPECT_LT(RelativeError(PoolScales({a, b}, "max"), unit(at::max(unit(a), unit(b)))), 1e-12);
  EXPECT_LT(RelativeError(PoolScales({a}, "max"), unit(a)), 1e-12);
}

TEST(PoolScales, GeneralisedMeanIsAboveTheSmallestValueOfEachPhoto) {
  const at::Tensor a = MapWaves({2, 5}, 50);
  const at::Tensor b = MapWaves({2, 5}, 33);
  const at::Tensor pooled = PoolScales({a, b}, "gem");
  for (int64_t row = 0; row < 2; ++row) {
    double least = 9;
    for (const at::Tensor& x : {a, b}) least = std::min(least, x[row].min().item<double>());
    std::vector<double> expected;
    double norm = 0;
    for (int64_t d = 0; d < 5; ++d) {
      double sum = 0;
      for (const at::Tensor& x : {a, b}) sum += std::pow(x[row][d].item<double>() - least, 10) / 2;
      expected.push_back(std::pow(sum, 0.1) + least);
      norm += expected.back() * expected.back();
    }
    for (int64_t d = 0; d < 5; ++d)
      EXPECT_NEAR(pooled[row][d].item<double>(), expected[static_cast<size_t>(d)] / std::sqrt(norm), 1e-9);
  }
  EXPECT_THAT(ErrorOf([&] { PoolScales({a}, "median"); }), HasSubstr("median"));
}

class SuperGlobalNet : public ::testing::Test {
 protected:
  static DescriptorNet MakeNet(const DescriptorNetOptions& options) {
    DescriptorNet net(options);
    net.Visit([](const std::string& name, const at::Tensor& tensor, TensorRole) {
      if (!name.ends_with(".p")) FillByFormula(name, tensor);
    });
    return net;
  }
  const at::Tensor images_ = (MapWaves({2, 3, 128, 160}, 5000) * 2).to(at::kFloat);
  const at::NoGradGuard no_grad_;
};

TEST_F(SuperGlobalNet, AnExponentIsThatOfTheModelInItsPlace) {
  DescriptorNet net = MakeNet({"squeezenet1_1"});
  const at::Tensor actual = net.ForwardAtScales(images_, {1, 0.5}, {.exponent = 4.6});
  EXPECT_GT(RelativeError(net.ForwardAtScales(images_, {1, 0.5}), actual), 1e-3);
  net.Visit([](const std::string& name, const at::Tensor& tensor, TensorRole) {
    if (name == "pool.p") tensor.fill_(4.6);
  });
  EXPECT_LT(RelativeError(net.ForwardAtScales(images_, {1, 0.5}), actual), 1e-6);
}

TEST_F(SuperGlobalNet, RegionsAreMeantBeforePoolingAndScalesAfter) {
  const DescriptorNet net = MakeNet({"squeezenet1_1"});
  const SuperGlobalPooling options{5, 2.5, 0, "max"};
  const at::Tensor map = net.FeaturesOf(images_).map_BCHW;
  const at::Tensor expected = L2Normalize(GemPool(RegionalGem(map, 5, 2.5), at::full({1}, 3.0)));
  EXPECT_LT(RelativeError(net.ForwardAtScales(images_, {1}, options), expected), 1e-5);
  const at::Tensor both = PoolScales(
      {net.ForwardAtScales(images_, {1}, options), net.ForwardAtScales(images_, {0.5}, options)}, "max");
  EXPECT_LT(RelativeError(net.ForwardAtScales(images_, {1, 0.5}, options), both), 1e-5);
  EXPECT_TRUE(net.ForwardAtScales(images_, {1, 0.5}, {}).equal(net.ForwardAtScales(images_, {1, 0.5})));
}

TEST_F(SuperGlobalNet, WhatANetworkHasNotIsRefused) {
  const DescriptorNet mac = MakeNet({"squeezenet1_1", CirtorchHeadOptions{.pooling = "mac"}});
  EXPECT_THAT(ErrorOf([&] { mac.ForwardAtScales(images_, {1}, {.exponent = 4}); }),
              HasSubstr("GeM's exponent is not for the head cirtorch:pooling=mac"));
  EXPECT_THAT(ErrorOf([&] { mac.ForwardAtScales(images_, {1}, {.regional_size = 2}); }),
              HasSubstr("2 is not odd"));
  const DescriptorNet net({"squeezenet1_1", LocalGemHeadOptions{}});
  EXPECT_THAT(ErrorOf([&] { net.CheckSuperGlobal({.regional_size = 5}); }), HasSubstr("local-gem"));
}

}  // namespace
}  // namespace vantage::nn
