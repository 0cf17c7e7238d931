// SPDX-License-Identifier: BSD-3-Clause
#include "nn/dropout.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/ones.h>
#include <gtest/gtest.h>

namespace vantage::nn {
namespace {

TEST(Dropout, LeavesOutThatShareOfEachImageAndKeepsTheMean) {
  const at::Tensor x = at::ones({3, 50, 200});
  const at::Tensor dropped = Dropout(x, "layer", {.is_training = true, .seed = 4, .dropout = 0.3});
  for (int64_t image = 0; image < 3; ++image) {
    EXPECT_NEAR(dropped[image].eq(0).to(at::kFloat).mean().item<double>(), 0.3, 0.02);
    EXPECT_NEAR(dropped[image].mean().item<double>(), 1, 0.03);
  }
  EXPECT_FALSE(dropped[0].equal(dropped[1]));
  EXPECT_FLOAT_EQ(dropped.max().item<float>(), 1 / 0.7F);
}

TEST(Dropout, GivesAnImageTheSameNumbersInEachBatch) {
  const at::Tensor x = at::ones({3, 40});
  const std::vector<uint64_t> all = {5, 6, 7};
  const std::vector<uint64_t> two = {7, 5};
  const auto drop = [&](const at::Tensor& values, std::span<const uint64_t> images, const char* layer) {
    return Dropout(values, layer, {.is_training = true, .seed = 4, .images = images, .dropout = 0.5});
  };
  const at::Tensor whole = drop(x, all, "layer");
  const at::Tensor part = drop(x.narrow(0, 0, 2), two, "layer");
  EXPECT_TRUE(part[0].equal(whole[2]));
  EXPECT_TRUE(part[1].equal(whole[0]));
  EXPECT_FALSE(drop(x, all, "other layer").equal(whole));
}

TEST(Dropout, ChangesNothingWithoutTraining) {
  const at::Tensor x = at::ones({3, 40});
  EXPECT_TRUE(Dropout(x, "layer", {.dropout = 0.5}).is_same(x));
  EXPECT_TRUE(Dropout(x, "layer", {.is_training = true}).is_same(x));
}

}  // namespace
}  // namespace vantage::nn
