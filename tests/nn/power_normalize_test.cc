// SPDX-License-Identifier: BSD-3-Clause
#include "nn/power_normalize.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/linspace.h>
#include <ATen/ops/sin.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros_like.h>

#include <nlohmann/json.hpp>

#include "nn/descriptor_net.h"
#include "nn/fold_whitening.h"
#include "nn/frozen_net.h"
#include "nn/model_file.h"
#include "nn/model_info_json.h"
#include "nn/pooling.h"
#include "testing/files.h"
#include "testing/tensors.h"
#include "vantage/model.h"

namespace vantage::nn {
namespace {

using ::testing::HasSubstr;
using vantage::testing::AutogradGradient;
using vantage::testing::ErrorOf;
using vantage::testing::FillByFormula;
using vantage::testing::NumericalGradient;
using vantage::testing::RelativeError;
using vantage::testing::TemporaryFolder;

TEST(PowerNormalize, IsTheSignedPower) {
  const at::Tensor x = at::tensor({-0.81, -0.01, 0.0, 1e-4, 0.25, 1.0}, at::kDouble);
  EXPECT_LT(RelativeError(PowerNormalize(x, 0.5), x.sign() * x.abs().sqrt()), 1e-6);
  EXPECT_LT(RelativeError(PowerNormalize(x, 0.3), x.sign() * x.abs().pow(0.3)), 1e-6);
  EXPECT_TRUE(PowerNormalize(x, 1).equal(x));
}

TEST(PowerNormalize, GradientMatchesCentralDifferencesAndIsFiniteAtZero) {
  const at::Tensor weights = at::linspace(0, 20, 7, at::kDouble).sin();
  const auto f = [&](const at::Tensor& x) { return (PowerNormalize(x, 0.5) * weights).sum(); };
  const at::Tensor x = at::tensor({-0.8, -0.02, 0.003, 0.1, 0.25, 0.5, 1.0}, at::kDouble);
  EXPECT_LT(RelativeError(AutogradGradient(f, x), NumericalGradient(f, x, 1e-6)), 1e-6);
  const at::Tensor at_zero = AutogradGradient(f, at::zeros_like(x));
  EXPECT_LT(RelativeError(at_zero, 1e5 * weights), 1e-9);
}

class PowerNet : public ::testing::TestWithParam<std::string> {
 protected:
  static HeadChoice Head(double power) {
    if (GetParam() == "cirtorch") return CirtorchHeadOptions{.power = power};
    return NetVladHeadOptions{.locals = {.dimension = 128}, .clusters = 4, .aggregate = {.power = power}};
  }
  static DescriptorNet Net(double power) {
    DescriptorNet net({"squeezenet1_1", Head(power)});
    net.Visit([](const std::string& name, const at::Tensor& tensor, TensorRole role) {
      if (role != TensorRole::kExponent) FillByFormula(name, tensor);
    });
    return net;
  }
  static at::Tensor Images() { return at::linspace(0, 60, 2 * 3 * 96 * 80).sin().view({2, 3, 96, 80}); }
  static at::Tensor Normalized(const at::Tensor& x) { return x / x.norm(2, {1}, /*keepdim=*/true); }
};

TEST_P(PowerNet, NormalisesThePlainDescriptor) {
  const at::NoGradGuard no_grad;
  const at::Tensor plain = Net(1).Forward(Images());
  const DescriptorNet net = Net(0.5);
  const at::Tensor expected = Normalized(plain.sign() * plain.abs().sqrt());
  EXPECT_LT(RelativeError(net.Forward(Images()), expected), 1e-5);
  EXPECT_LT(RelativeError(FrozenNet(net).Forward(Images()), expected), 1e-4);
  // Each scale's descriptor is power-normalised, then they are averaged.
  const at::Tensor half = Net(1).ForwardAtScales(Images(), {0.5});
  const at::Tensor both = Normalized(expected + Normalized(half.sign() * half.abs().sqrt()));
  EXPECT_EQ(net.MultiScaleExponent(), 1);
  EXPECT_LT(RelativeError(net.ForwardAtScales(Images(), {1, 0.5}), both), 1e-5);
}

TEST_P(PowerNet, ComesBeforeAWhitening) {
  const at::NoGradGuard no_grad;
  const DescriptorNet net = Net(0.5);
  Whitening whitening;
  whitening.mean = Eigen::VectorXd::LinSpaced(net.dimension(), -0.01, 0.02);
  whitening.projection = Eigen::MatrixXd::Identity(16, net.dimension());
  const at::Tensor mean = at::linspace(-0.01, 0.02, net.dimension());
  const at::Tensor expected = Normalized((net.Forward(Images()) - mean).narrow(1, 0, 16));
  const DescriptorNet folded = FoldWhitening(net, whitening);
  EXPECT_THAT(folded.options().head.Text(), HasSubstr("power=0.5"));
  EXPECT_LT(RelativeError(folded.Forward(Images()), expected), 1e-4);
}

TEST_P(PowerNet, IsKeptInModelFiles) {
  const at::NoGradGuard no_grad;
  const TemporaryFolder folder;
  for (const char* name : {"m.pth", "m.safetensors"}) {
    ModelParts model{Net(0.5), {}};
    WriteModel(model, folder / name);
    const ModelParts read = ReadModel(folder / name);
    EXPECT_EQ(read.net.options().head, Head(0.5));
    EXPECT_TRUE(read.net.Forward(Images()).equal(model.net.Forward(Images())));
    const nlohmann::json info = ToJson(ReadModelInfo(folder / name), false);
    EXPECT_EQ(info["head"][GetParam()]["power"], 0.5);
    EXPECT_THAT(ErrorOf([&] {
                  ReadModel(folder / name, {"", GetParam() + ":power=0.4"});
                }),
                HasSubstr("asked for is " + GetParam() + ":power=0.4"));
  }
}

// The slope along the gradient by central differences: float32, through a trunk with ReLUs.
TEST_P(PowerNet, HasGradients) {
  DescriptorNet net = Net(0.5);
  at::Tensor first;
  net.Visit([&](const std::string& name, const at::Tensor& tensor, TensorRole) {
    if (!first.defined() && name.ends_with("weight")) first = tensor;
  });
  const at::Tensor weights = at::linspace(0, 99, 2 * net.dimension()).sin().view({2, net.dimension()});
  const auto loss = [&] { return (net.Forward(Images()) * weights).sum(); };
  first.requires_grad_(true);
  loss().backward();
  const at::Tensor gradient = first.grad().clone();
  const at::NoGradGuard no_grad;
  const double slope = gradient.norm().item<double>();
  ASSERT_GT(slope, 1e-3);
  const double step = 5e-5 * first.norm().item<double>();
  const at::Tensor direction = gradient / slope;
  const at::Tensor start = first.detach().clone();
  const auto at_step = [&](double along) {
    first.copy_(start + along * direction);
    return loss().item<double>();
  };
  const double difference = (at_step(step) - at_step(-step)) / (2 * step);
  EXPECT_NEAR(difference, slope, 0.03 * slope);
}

INSTANTIATE_TEST_SUITE_P(All, PowerNet, ::testing::Values("cirtorch", "netvlad"),
                         [](const auto& test) { return test.param; });

TEST(PowerNetOptions, OutsideItsRangeAreRefused) {
  const auto make = [](double power) {
    return ErrorOf([&] { const DescriptorNet net({"resnet18", CirtorchHeadOptions{.power = power}}); });
  };
  EXPECT_THAT(make(0), HasSubstr("'head.cirtorch.power' = 0 must be in [0.01, 1]"));
  EXPECT_THAT(make(1.5), HasSubstr("'head.cirtorch.power' = 1.5 must be in [0.01, 1]"));
}

}  // namespace
}  // namespace vantage::nn
