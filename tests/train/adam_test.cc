// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/train/adam.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/zeros_like.h>

#include <cmath>
#include <map>

#include "testing/files.h"
#include "testing/photos.h"

namespace vantage {
namespace {

using ::testing::HasSubstr;
using vantage::testing::ErrorOf;
using vantage::testing::MakeFormulaModel;
using vantage::testing::TemporaryFolder;

// The gradient that parameter `name` gets at a step: any numbers will do.
double GradientAt(const std::string& name, int step) {
  return std::sin(static_cast<double>(name.size()) + step);
}

void SetGradients(DescriptorNet& net, int step) {
  net.Visit([&](const std::string& name, at::Tensor& tensor, TensorRole role) {
    if (role != TensorRole::kParameter) return;
    const at::NoGradGuard no_grad;
    tensor.mutable_grad() = at::zeros_like(tensor) + GradientAt(name, step);
  });
}

TEST(Adam, FollowsItsEquations) {
  Model model = MakeFormulaModel();
  OptimizerOptions options;
  options.weight_decay = 0.01;
  const double rate = 1e-3;
  std::map<std::string, double> expected;  // of each parameter's first element
  std::map<std::string, double> mean;
  std::map<std::string, double> square;
  model.net.Visit([&](const std::string& name, at::Tensor& tensor, TensorRole) {
    expected[name] = tensor.flatten()[0].item<double>();
  });
  Adam adam(model.net, options);
  for (int step = 1; step <= 5; ++step) {
    SetGradients(model.net, step);
    adam.Step(rate);
    for (auto& [name, value] : expected) {
      const bool exponent = name == "pool.p";
      const double gradient = GradientAt(name, step) + (exponent ? 0 : options.weight_decay * value);
      mean[name] = options.beta1 * mean[name] + (1 - options.beta1) * gradient;
      square[name] = options.beta2 * square[name] + (1 - options.beta2) * gradient * gradient;
      const double mean_hat = mean[name] / (1 - std::pow(options.beta1, step));
      const double square_hat = square[name] / (1 - std::pow(options.beta2, step));
      value -= (exponent ? 10 : 1) * rate * mean_hat / (std::sqrt(square_hat) + options.epsilon);
    }
  }
  model.net.Visit([&](const std::string& name, at::Tensor& tensor, TensorRole) {
    EXPECT_NEAR(tensor.flatten()[0].item<double>(), expected[name], 2e-6) << name;
    EXPECT_EQ(tensor.grad().abs().max().item<float>(), 0.0F) << name;  // gradients start anew
  });
}

TEST(Adam, GoesOnFromItsSavedState) {
  const TemporaryFolder folder;
  Model a = MakeFormulaModel();
  Adam adam_a(a.net, {});
  SetGradients(a.net, 1);
  adam_a.Step(1e-3);
  TorchDict file;
  file.Set("optimizer", adam_a.StateDict(1e-3));
  WriteTorchFile({file}, folder / "state.pth");

  Model b = a;
  b.net = a.net.Clone();
  Adam adam_b(b.net, {});
  const TorchFile read(folder / "state.pth");
  adam_b.LoadStateDict(read, Member(read.root(), "optimizer", "file"));
  for (Model* model : {&a, &b}) SetGradients(model->net, 2);
  adam_a.Step(1e-3);
  adam_b.Step(1e-3);
  std::map<std::string, at::Tensor> expected;
  a.net.Visit([&](const std::string& name, at::Tensor& tensor, TensorRole) { expected[name] = tensor; });
  b.net.Visit([&](const std::string& name, at::Tensor& tensor, TensorRole) {
    EXPECT_TRUE(tensor.equal(expected.at(name))) << name;
  });
}

TEST(Adam, StateOfAnotherNetworkIsAnError) {
  const TemporaryFolder folder;
  TorchDict state;
  state.Set("state", {TorchDict{}});
  TorchDict file;
  file.Set("optimizer", {state});
  WriteTorchFile({file}, folder / "state.pth");
  const TorchFile read(folder / "state.pth");
  Model model = MakeFormulaModel();
  Adam adam(model.net, {});
  EXPECT_THAT(ErrorOf([&] { adam.LoadStateDict(read, Member(read.root(), "optimizer", "file")); }),
              HasSubstr("state.pth: optimizer: no state of parameter 0"));
}

}  // namespace
}  // namespace vantage
