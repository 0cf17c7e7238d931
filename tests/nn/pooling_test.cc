// SPDX-License-Identifier: BSD-3-Clause
#include "nn/pooling.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/full.h>
#include <ATen/ops/linspace.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/tensor.h>

#include <cmath>

#include "testing/files.h"
#include "testing/tensors.h"
#include "util/random.h"

namespace vantage::nn {
namespace {

using vantage::testing::AutogradGradient;
using vantage::testing::ErrorOf;
using vantage::testing::NumericalGradient;
using vantage::testing::RelativeError;

// Positive values, some below GeM's epsilon.
at::Tensor RandomMap(std::initializer_list<int64_t> shape) {
  RandomStream random(1, "map");
  int64_t count = 1;
  for (const int64_t size : shape) count *= size;
  std::vector<double> values;
  for (int64_t i = 0; i < count; ++i) values.push_back(random.Chance(0.1) ? 0.0 : random.Uniform(0.05, 2));
  return at::tensor(values, at::kDouble).reshape(shape);
}

TEST(GemPool, IsTheSameWithoutGradients) {
  const at::Tensor x = at::linspace(-1, 20, 2 * 5 * 7 * 9).view({2, 5, 7, 9});
  for (const double p : {1.0, 2.0, 2.92, 3.0, 7.5}) {
    const at::Tensor exponent = at::full({1}, p);
    const at::Tensor expected = GemPool(x, exponent);
    const at::NoGradGuard no_grad;
    EXPECT_LT(RelativeError(GemPool(x, exponent), expected), 2e-6) << p;
  }
}

TEST(GemPool, IsTheMeanForPOne) {
  const at::Tensor x_BCHW = RandomMap({2, 3, 4, 5});
  EXPECT_LT(RelativeError(GemPool(x_BCHW, at::ones({1}, at::kDouble)), SpocPool(x_BCHW.clamp_min(1e-6))),
            1e-12);
}

TEST(GemPool, ApproachesTheMaximumForLargeP) {
  const at::Tensor x_BCHW = RandomMap({2, 3, 4, 5});
  // The mean over 20 values costs at most a factor of 20^(1/p).
  EXPECT_LT(RelativeError(GemPool(x_BCHW, at::full({1}, 500.0, at::kDouble)), MacPool(x_BCHW)),
            1 - std::pow(20, -1.0 / 500) + 1e-9);
}

TEST(GemPool, GrowsWithP) {
  const at::Tensor x_BCHW = RandomMap({1, 4, 3, 3});
  at::Tensor last = GemPool(x_BCHW, at::ones({1}, at::kDouble));
  for (const double p : {1.5, 2.0, 3.0, 6.0, 20.0}) {
    const at::Tensor pooled = GemPool(x_BCHW, at::full({1}, p, at::kDouble));
    EXPECT_TRUE((pooled >= last).all().item<bool>());
    last = pooled;
  }
}

TEST(GemPool, TakesOneExponentAChannel) {
  const at::Tensor x_BCHW = RandomMap({2, 3, 4, 5});
  const at::Tensor p = at::tensor(std::vector<double>{1, 3, 7}, at::kDouble);
  const at::Tensor pooled = GemPool(x_BCHW, p);
  for (int64_t c = 0; c < 3; ++c) {
    const at::Tensor alone = GemPool(x_BCHW.narrow(1, c, 1), p.narrow(0, c, 1));
    EXPECT_LT(RelativeError(pooled.narrow(1, c, 1), alone), 1e-14);
  }
}

TEST(GemPool, GradientsMatchCentralDifferences) {
  const at::Tensor x_BCHW = RandomMap({1, 2, 3, 3}).clamp_min(0.05);
  const at::Tensor p = at::tensor(std::vector<double>{2.5, 3.5}, at::kDouble);
  const auto by_x = [&](const at::Tensor& x) { return GemPool(x, p).square().sum(); };
  EXPECT_LT(RelativeError(AutogradGradient(by_x, x_BCHW), NumericalGradient(by_x, x_BCHW, 1e-6)), 1e-7);
  const auto by_p = [&](const at::Tensor& exponent) { return GemPool(x_BCHW, exponent).square().sum(); };
  EXPECT_LT(RelativeError(AutogradGradient(by_p, p), NumericalGradient(by_p, p, 1e-6)), 1e-7);
}

TEST(GemPool, ExponentsGradientIsTheClosedForm) {
  // TPAMI 2019, eq. (6): df/dp = f / p^2 (log(N / sum x^p) + p sum(x^p log x) / sum x^p).
  const at::Tensor x_BCHW = RandomMap({1, 1, 3, 4}).clamp_min(0.05);
  const double p = 2.7;
  const at::Tensor powered = x_BCHW.pow(p);
  const double sum = powered.sum().item<double>();
  const double f = std::pow(sum / 12, 1 / p);
  const double weighted = (powered * x_BCHW.log()).sum().item<double>();
  const double expected = f / (p * p) * (std::log(12 / sum) + p * weighted / sum);
  const at::Tensor gradient =
      AutogradGradient([&](const at::Tensor& exponent) { return GemPool(x_BCHW, exponent).sum(); },
                       at::full({1}, p, at::kDouble));
  EXPECT_NEAR(gradient.item<double>(), expected, 1e-12);
}

TEST(L2Normalize, AddsItsEpsilonToTheNorm) {
  const at::Tensor x = at::tensor(std::vector<double>{3e-6, 4e-6}, at::kDouble).view({1, 2});
  EXPECT_NEAR(L2Normalize(x).norm().item<double>(), 5e-6 / 6e-6, 1e-12);
  EXPECT_EQ(L2Normalize(at::full({1, 2}, 0.0)).abs().max().item<float>(), 0.0F);
}

class EachPooling : public ::testing::TestWithParam<std::string> {};

TEST_P(EachPooling, KeepsTheDirectionOfAConstantMapAndAcceptsASingleLocation) {
  const Pooling pooling = MakePooling(GetParam(), 3);
  const at::Tensor direction = L2Normalize(at::full({2, 3}, 0.7));
  EXPECT_LT(RelativeError(L2Normalize(pooling(at::full({2, 3, 4, 5}, 0.7))), direction), 1e-5);
  EXPECT_LT(RelativeError(L2Normalize(pooling(at::full({2, 3, 1, 1}, 0.7))), direction), 1e-5);
}

TEST_P(EachPooling, HasTheExponentsOfItsRow) {
  const Pooling pooling = MakePooling(GetParam(), 3);
  const auto exponents = pooling.row->exponents;
  ASSERT_EQ(pooling.p.defined(), exponents != PoolingRow::Exponents::kNone);
  if (pooling.p.defined()) {
    EXPECT_EQ(pooling.p.numel(), exponents == PoolingRow::Exponents::kOne ? 1 : 3);
  }
}

INSTANTIATE_TEST_SUITE_P(All, EachPooling, ::testing::ValuesIn(PoolingNames()),
                         [](const auto& param_info) { return param_info.param; });

TEST(RmacRegions, LieInsideAndCoverTheMap) {
  for (const auto& [height, width] : {std::pair(1, 1), {1, 9}, {7, 7}, {12, 31}, {40, 23}, {3, 100}}) {
    std::vector<bool> covered(static_cast<size_t>(height) * static_cast<size_t>(width));
    for (const Region& region : RmacRegions(height, width)) {
      ASSERT_GE(std::min(region.top, region.left), 0);
      ASSERT_LE(region.top + region.size, height);
      ASSERT_LE(region.left + region.size, width);
      for (int64_t y = region.top; y < region.top + region.size; ++y) {
        for (int64_t x = region.left; x < region.left + region.size; ++x) {
          covered[static_cast<size_t>(y * width + x)] = true;
        }
      }
    }
    // At most six more squares, so very long maps have gaps.
    if (std::max(height, width) <= 4 * std::min(height, width)) {
      EXPECT_EQ(std::count(covered.begin(), covered.end(), false), 0) << height << " x " << width;
    }
  }
}

TEST(RmacPool, AddsUpUnitVectors) {
  const at::Tensor map = at::full({1, 4, 6, 9}, 0.3);
  const double regions = 1 + static_cast<double>(RmacRegions(6, 9).size());
  EXPECT_NEAR(RmacPool(map).norm().item<double>(), regions, 1e-4 * regions);
}

TEST(Pooling, UnknownNameListsTheKnown) {
  EXPECT_THAT(ErrorOf([] { MakePooling("gen", 3); }),
              ::testing::HasSubstr("known are gem, gemmp, mac, rmac, spoc"));
}

}  // namespace
}  // namespace vantage::nn
