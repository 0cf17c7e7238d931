// SPDX-License-Identifier: BSD-3-Clause
#include "nn/folded_net.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/linspace.h>
#include <ATen/ops/sin.h>
#include <torch/csrc/autograd/autograd.h>

#include "testing/files.h"
#include "testing/tensors.h"

namespace vantage::nn {
namespace {

using vantage::testing::FillByFormula;
using vantage::testing::RelativeError;

class FoldedNetOf : public ::testing::TestWithParam<std::string> {};

TEST_P(FoldedNetOf, HasTheNetworksGradients) {
  constexpr int64_t kMostParameters = 25'000'000;  // larger ones have the layers of smaller ones
  DescriptorNet net({GetParam(), CirtorchHeadOptions{.pooling = "gemmp", .fc_whitening = true}});
  int64_t elements = 0;
  net.trunk().Visit(
      [&](const std::string&, const at::Tensor& tensor, TensorRole) { elements += tensor.numel(); });
  if (elements > kMostParameters) GTEST_SKIP() << elements << " parameters take too long";
  std::vector<at::Tensor> parameters;
  std::vector<std::string> names;
  net.Visit([&](const std::string& name, const at::Tensor& tensor, TensorRole role) {
    if (name != "pool.p") FillByFormula(name, tensor);
    if (role == TensorRole::kBuffer) return;
    tensor.requires_grad_(names.size() != 1);  // one is not trained
    if (names.size() != 1) parameters.push_back(tensor);
    names.push_back(name);
  });
  const at::Tensor images = at::linspace(0, 60, 2 * 3 * 96 * 80).sin().view({2, 3, 96, 80});
  const auto loss = [&](const DescriptorNet& of) { return of.Forward(images).square().slice(1, 0, 7).sum(); };
  const std::vector<at::Tensor> expected =
      torch::autograd::grad({loss(net)}, parameters, {}, false, false, /*allow_unused=*/true);

  const FoldedNet folded(net);
  const at::Tensor value = loss(folded.net());
  EXPECT_NEAR(value.item<double>(), loss(net).item<double>(), 1e-5 * value.item<double>());
  const std::vector<at::Tensor> actual = folded.GradientsBy(
      parameters, torch::autograd::grad({value}, folded.leaves(), {}, false, false, /*allow_unused=*/true));
  ASSERT_EQ(actual.size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    ASSERT_EQ(actual[i].defined(), expected[i].defined()) << names[i];
    if (!expected[i].defined()) continue;
    EXPECT_LT(RelativeError(actual[i], expected[i]), 2e-4) << names[i];
  }
}

INSTANTIATE_TEST_SUITE_P(All, FoldedNetOf, ::testing::ValuesIn(vantage::testing::SmallArchitectures()),
                         [](const auto& test) { return vantage::testing::TestName(test.param); });

}  // namespace
}  // namespace vantage::nn
