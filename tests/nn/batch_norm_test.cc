// SPDX-License-Identifier: BSD-3-Clause
#include "nn/batch_norm.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/linspace.h>
#include <ATen/ops/sin.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>

#include "nn/descriptor_net.h"
#include "nn/folded_net.h"
#include "nn/frozen_net.h"
#include "testing/files.h"
#include "testing/tensors.h"

namespace vantage::nn {
namespace {

using ::testing::HasSubstr;
using vantage::testing::ErrorOf;
using vantage::testing::FillByFormula;
using vantage::testing::RelativeError;

constexpr double kEpsilon = 1e-5;

// Values without a pattern, of any shape.
at::Tensor NormWaves(const std::vector<int64_t>& shape, double speed) {
  int64_t count = 1;
  for (const int64_t side : shape) count *= side;
  return (at::linspace(0, speed, count).sin() * 3 + 0.5).view(shape);
}

struct Norm {
  BatchNorm norm{"norm", 5, kEpsilon};
  at::Tensor weight;
  at::Tensor bias;

  explicit Norm(bool is_trained = true) {
    norm.Visit([&](const std::string& name, const at::Tensor& tensor, TensorRole role) {
      if (tensor.dim() == 1) FillByFormula(name, tensor);
      if (role != TensorRole::kBuffer) tensor.requires_grad_(is_trained);
      if (name == "norm.weight") weight = tensor;
      if (name == "norm.bias") bias = tensor;
    });
    norm.UseBatchStatistics();
  }
};

TEST(BatchNorm, NormalizesByTheBatchAndTellsWhatItSaw) {
  const Norm norm;
  const at::Tensor x = NormWaves({3, 5, 4, 6}, 700).requires_grad_(true);
  const at::Tensor mean = x.mean({0, 2, 3}, true);
  const at::Tensor variance = (x - mean).square().mean({0, 2, 3}, true);
  const auto as_x = [](const at::Tensor& values) { return values.view({1, -1, 1, 1}); };
  const at::Tensor expected = (x - mean) / (variance + kEpsilon).sqrt() * as_x(norm.weight) + as_x(norm.bias);

  BatchStatistics all_seen;
  const at::Tensor y = norm.norm.NormalizeByBatch(x, {.is_training = true, .seen = &all_seen});
  EXPECT_LT(RelativeError(y, expected), 1e-5);
  ASSERT_EQ(all_seen.size(), 1U);
  const at::Tensor seen = all_seen.at("norm");
  // The error of a mean is relative to the values' deviation.
  EXPECT_LT((seen[0] - mean.flatten()).div(variance.flatten().sqrt()).abs().max().item<float>(), 1e-5F);
  EXPECT_LT(RelativeError(seen[1], variance.flatten() * (72.0 / 71.0)), 1e-5);

  // Gradients pass through the statistics too.
  const std::vector<at::Tensor> by = {x, norm.weight, norm.bias};
  const at::Tensor direction = NormWaves({3, 5, 4, 6}, 90);
  const auto gradients = torch::autograd::grad({(y * direction).sum()}, by);
  const auto expected_gradients = torch::autograd::grad({(expected * direction).sum()}, by);
  for (size_t i = 0; i < by.size(); ++i) EXPECT_LT(RelativeError(gradients[i], expected_gradients[i]), 1e-4);
}

TEST(BatchNorm, RunningStatisticsMoveByTheMomentum) {
  Norm norm;
  const at::Tensor before = norm.norm.RunningStatistics().clone();
  const at::Tensor seen = NormWaves({2, 5}, 4).abs();
  norm.norm.MoveRunningStatistics(seen, 0.25);
  EXPECT_LT(RelativeError(norm.norm.RunningStatistics(), before * 0.75 + seen * 0.25), 1e-6);
  norm.norm.Visit([&](const std::string& name, const at::Tensor& tensor, TensorRole) {
    if (name == "norm.num_batches_tracked") {
      EXPECT_EQ(tensor.item<int64_t>(), 1);
    }
  });
}

TEST(BatchNorm, StaysFrozenWhereItsWeightIsNotTrained) {
  EXPECT_FALSE(Norm(false).norm.uses_batch_statistics());
  EXPECT_TRUE(Norm(true).norm.uses_batch_statistics());
}

TEST(BatchNorm, OneValueHasNoStatistics) {
  const Norm norm;
  EXPECT_THAT(ErrorOf([&] {
                norm.norm.NormalizeByBatch(NormWaves({1, 5, 1, 1}, 3), {});
              }),
              HasSubstr("norm: "));
}

class NetOfNorms : public ::testing::TestWithParam<std::string> {};

// When the running statistics have converged to those of a batch, the frozen network describes it like the
// trained one, except for the variances, which are unbiased here only: 1 % at each layer for a map of 5 x 5.
TEST_P(NetOfNorms, FrozenFoldsTheRunningStatistics) {
  DescriptorNet net({GetParam()});
  net.Visit([&](const std::string& name, const at::Tensor& tensor, TensorRole role) {
    if (name != "pool.p") FillByFormula(name, tensor);
    tensor.requires_grad_(role != TensorRole::kBuffer);
  });
  const at::Tensor images = NormWaves({4, 3, 160, 160}, 5000);
  net.UseBatchStatistics(1);
  EXPECT_TRUE(net.uses_batch_statistics());
  BatchStatistics seen;
  const at::Tensor expected = net.Forward(images, {.is_training = true, .seen = &seen}).detach();
  ASSERT_EQ(seen.size(), net.RunningStatistics().size());
  ASSERT_GT(seen.size(), 5U);
  const double before = RelativeError(FrozenNet(net).Forward(images), expected);
  net.MoveRunningStatistics(seen);
  EXPECT_LT(RelativeError(FrozenNet(net).Forward(images), expected), std::min(0.12, before / 5));
  // A folded network still uses the batch's statistics.
  EXPECT_LT(RelativeError(FoldedNet(net).net().Forward(images, {.is_training = true}), expected), 1e-5);
  // A describing pass uses the running statistics.
  EXPECT_LT(RelativeError(net.Forward(images), FrozenNet(net).Forward(images)), 1e-4);
}

INSTANTIATE_TEST_SUITE_P(All, NetOfNorms,
                         ::testing::Values("densenet121", "efficientnet_lite0", "resnet18", "resnet50",
                                           "vgg11_bn"),
                         [](const auto& test) { return test.param; });

}  // namespace
}  // namespace vantage::nn
