// SPDX-License-Identifier: BSD-3-Clause
#include "nn/folded_net.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/linspace.h>
#include <ATen/ops/sin.h>
#include <torch/csrc/autograd/autograd.h>

#include <functional>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "nn/frozen_net.h"
#include "nn/intra_op_threads.h"
#include "testing/files.h"
#include "testing/tensors.h"

namespace vantage::nn {
namespace {

using vantage::testing::FillByFormula;
using vantage::testing::RelativeError;

class FoldedNetOf : public ::testing::TestWithParam<std::string> {};

// Compares the gradients of a network, and its descriptors, with those of its FoldedNet. is_trained: called
// with the depth of each parameter (Trunk::Depths; the head's is beyond all) and its number.
void ExpectTheNetworksGradients(const std::string& architecture,
                                const std::function<bool(int depth, size_t number)>& is_trained) {
  DescriptorNet net({architecture, CirtorchHeadOptions{.pooling = "gemmp", .fc_whitening = true}});
  std::map<std::string, int> depths;
  for (const auto& [name, depth] : net.trunk().Depths()) depths[net.NameOfTrunk(name)] = depth;
  std::vector<at::Tensor> parameters;
  std::vector<std::string> names;
  size_t number = 0;
  net.Visit([&](const std::string& name, const at::Tensor& tensor, TensorRole role) {
    if (name != "pool.p") FillByFormula(name, tensor);
    if (role == TensorRole::kBuffer) return;
    const auto found = depths.find(name);
    tensor.requires_grad_(
        is_trained(found == depths.end() ? std::numeric_limits<int>::max() : found->second, number++));
    if (!tensor.requires_grad()) return;
    parameters.push_back(tensor);
    names.push_back(name);
  });
  const at::Tensor images = at::linspace(0, 60, 2 * 3 * 96 * 80).sin().view({2, 3, 96, 80});
  const auto loss = [](const at::Tensor& descriptors_ND) {
    return descriptors_ND.square().slice(1, 0, 7).sum();
  };
  const FoldedNet folded(net);
  const at::Tensor value = loss(folded.net().Forward(images));
  EXPECT_NEAR(value.item<double>(), loss(net.Forward(images)).item<double>(), 1e-5 * value.item<double>());
  // From the same state after the stages that are not trained: its last bits decide about some ReLUs.
  const int first = net.FrozenStages();
  const at::Tensor descriptors_ND =
      first == 0 ? net.Forward(images) : net.ForwardFrom(folded.net().FirstStages(images, first), first);
  const std::vector<at::Tensor> expected =
      torch::autograd::grad({loss(descriptors_ND)}, parameters, {}, false, false, /*allow_unused=*/true);
  const std::vector<at::Tensor> actual = folded.GradientsBy(
      parameters, torch::autograd::grad({value}, folded.leaves(), {}, false, false, /*allow_unused=*/true));
  ASSERT_EQ(actual.size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    ASSERT_EQ(actual[i].defined(), expected[i].defined()) << names[i];
    if (!expected[i].defined()) continue;
    EXPECT_LT(RelativeError(actual[i], expected[i]), 2e-4) << names[i];
  }
}

// Whether a trunk is too large for a quick test. Smaller trunks have the same kinds of layers.
bool IsLarge(const std::string& architecture) {
  constexpr int64_t kMostElements = 25'000'000;
  int64_t elements = 0;
  MakeTrunk(architecture)->Visit([&](const std::string&, const at::Tensor& tensor, TensorRole) {
    elements += tensor.numel();
  });
  return elements > kMostElements;
}

TEST_P(FoldedNetOf, HasTheNetworksGradients) {
  if (IsLarge(GetParam())) GTEST_SKIP() << "takes too long";
  ExpectTheNetworksGradients(GetParam(), [](int /*depth*/, size_t number) { return number != 1; });
}

TEST_P(FoldedNetOf, HasTheNetworksGradientsIfItsFirstStagesAreNotTrained) {
  if (IsLarge(GetParam())) GTEST_SKIP() << "takes too long";
  const int stages = MakeTrunk(GetParam())->stages();
  ExpectTheNetworksGradients(GetParam(),
                             [&](int depth, size_t /*number*/) { return depth > (stages + 1) / 2; });
}

TEST(FoldedNet, ComputesStagesThatAreNotTrainedAsForDescription) {
  const at::NoGradGuard no_grad;
  const at::Tensor images = at::linspace(0, 60, 3 * 98 * 84).sin().view({1, 3, 98, 84});
  for (const char* architecture : {"dinov2_vits14:blocks=3", "resnet18"}) {
    DescriptorNet net({architecture, CirtorchHeadOptions{}});
    const std::map<std::string, int> depths = net.trunk().Depths();
    const auto train_from = [&](int depth) {
      net.trunk().Visit([&](const std::string& name, const at::Tensor& tensor, TensorRole role) {
        FillByFormula(name, tensor);
        tensor.requires_grad_(role == TensorRole::kParameter && depths.at(name) >= depth);
      });
    };
    const auto after = [&](const Network& of, int stages) { return of.FirstStages(images, stages).x; };
    train_from(3);
    const FrozenNet frozen(net);
    EXPECT_TRUE(after(FoldedNet(net).net(), 2).equal(after(frozen, 2))) << architecture;
    EXPECT_FALSE(after(FoldedNet(net).net(), 3).equal(after(frozen, 3))) << architecture;
    train_from(0);
    EXPECT_FALSE(after(FoldedNet(net).net(), 2).equal(after(frozen, 2))) << architecture;
  }
}

TEST(FoldedNet, PassesOnTheClassTokenAloneIfNoBlockIsTrained) {
  const at::NoGradGuard no_grad;
  DescriptorNet net({"dinov2_vits14:blocks=2", ClassTokenHeadOptions{}});
  net.Visit(
      [](const std::string& name, const at::Tensor& tensor, TensorRole) { FillByFormula(name, tensor); });
  const at::Tensor images = at::linspace(0, 60, 2 * 3 * 98 * 84).sin().view({2, 3, 98, 84});
  const FoldedNet folded(net);
  ASSERT_EQ(net.FrozenStages(), 2);
  const TrunkState state = folded.net().FirstStages(images, 2);
  EXPECT_EQ(state.x.size(1), 1);
  EXPECT_TRUE(folded.net().ForwardFrom(state, 2).equal(folded.net().Forward(images)));
  EXPECT_LT(RelativeError(folded.net().Forward(images), net.Forward(images)), 1e-5);
}

TEST(FoldedNet, HasTheSameBitsForAnyNumberOfThreads) {
  DescriptorNet net({"dinov2_vits14:blocks=2", ClassTokenHeadOptions{}});
  std::vector<at::Tensor> parameters;
  net.Visit([&](const std::string& name, const at::Tensor& tensor, TensorRole role) {
    FillByFormula(name, tensor);
    if (role == TensorRole::kParameter) parameters.push_back(tensor.requires_grad_(true));
  });
  const auto run = [&](int threads) {
    const IntraOpThreads limit(threads);
    limit.Enter();
    const FoldedNet folded(net);
    std::vector<at::Tensor> all;
    std::vector<at::Tensor> by_leaf;
    for (const at::Tensor& leaf : folded.leaves()) {
      all.push_back(leaf.detach().flatten());
      by_leaf.push_back(at::linspace(-1, 1, leaf.numel()).sin().view(leaf.sizes()));
    }
    for (const at::Tensor& gradient : folded.GradientsBy(parameters, by_leaf)) {
      if (gradient.defined()) all.push_back(gradient.flatten());
    }
    return at::cat(all);
  };
  const at::Tensor one = run(1);
  for (const int threads : {2, 3, 8}) EXPECT_TRUE(run(threads).equal(one)) << threads;
}

INSTANTIATE_TEST_SUITE_P(All, FoldedNetOf, ::testing::ValuesIn(vantage::testing::SmallArchitectures()),
                         [](const auto& test) { return vantage::testing::TestName(test.param); });

}  // namespace
}  // namespace vantage::nn
