// SPDX-License-Identifier: BSD-3-Clause
#include "train/weight_average.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/zeros.h>

#include <map>

#include "testing/files.h"
#include "testing/photos.h"

namespace vantage::train {
namespace {

using ::testing::HasSubstr;
using vantage::testing::ErrorOf;
using vantage::testing::MakeFormulaModel;
using vantage::testing::TemporaryFolder;

std::map<std::string, at::Tensor> Tensors(nn::DescriptorNet net) {
  std::map<std::string, at::Tensor> tensors;
  net.Visit(
      [&](const std::string& name, const at::Tensor& tensor, nn::TensorRole) { tensors[name] = tensor; });
  return tensors;
}

// Changes the weights in place, as a training step does.
void Move(nn::DescriptorNet& net, double by) {
  const at::NoGradGuard no_grad;
  net.Visit([&](const std::string&, const at::Tensor& tensor, nn::TensorRole) { tensor.add_(by); });
}

TEST(WeightAverage, FollowsItsEquation) {
  nn::ModelParts model = MakeFormulaModel();
  const std::map<std::string, at::Tensor> start = Tensors(model.net.Clone());
  WeightAverage average(model.net, 0.75);
  // Weights at 1, 3 and 6 above the start: 0.25, then 0.9375, then 2.203125.
  for (const double by : {1.0, 2.0, 3.0}) {
    Move(model.net, by);
    average.Update(model.net);
  }
  const auto averaged = Tensors(average.net());
  for (const auto& [name, tensor] : start) {
    EXPECT_LT((averaged.at(name) - tensor - 2.203125).abs().max().item<double>(), 1e-5) << name;
    EXPECT_LT((Tensors(model.net).at(name) - tensor - 6).abs().max().item<double>(), 1e-5) << name;
  }
}

TEST(WeightAverage, WithoutDecayItIsTheNetwork) {
  nn::ModelParts model = MakeFormulaModel();
  WeightAverage average(model.net, 0);
  Move(model.net, 0.5);
  average.Update(model.net);
  const auto averaged = Tensors(average.net());
  for (const auto& [name, tensor] : Tensors(model.net)) EXPECT_TRUE(averaged.at(name).equal(tensor)) << name;
}

TEST(WeightAverage, GoesOnFromItsSavedState) {
  const TemporaryFolder folder;
  nn::ModelParts model = MakeFormulaModel();
  WeightAverage average(model.net, 0.9);
  Move(model.net, 1);
  average.Update(model.net);
  nn::TorchDict file;
  file.Set("average", average.StateDict());
  nn::WriteTorchFile({file}, folder / "state.pth");
  const serialize::TorchFile read(folder / "state.pth");
  WeightAverage resumed(model.net, 0.9);
  resumed.LoadStateDict(read, serialize::Member(read.root(), "average", "file"));
  Move(model.net, 1);
  average.Update(model.net);
  resumed.Update(model.net);
  const auto expected = Tensors(average.net());
  for (const auto& [name, tensor] : Tensors(resumed.net())) {
    EXPECT_TRUE(expected.at(name).equal(tensor)) << name;
  }
}

TEST(WeightAverage, WrongUseIsAnError) {
  const TemporaryFolder folder;
  nn::ModelParts model = MakeFormulaModel();
  EXPECT_THAT(ErrorOf([&] { const WeightAverage average(model.net, 1); }), HasSubstr("in [0, 1), not 1"));
  WeightAverage average(model.net, 0.9);
  const auto error = [&](nn::TorchDict state) {
    nn::WriteTorchFile({std::move(state)}, folder / "state.pth");
    const serialize::TorchFile read(folder / "state.pth");
    return ErrorOf([&] { average.LoadStateDict(read, read.root()); });
  };
  EXPECT_THAT(error({}), HasSubstr("state.pth: weight average"));
  nn::TorchDict misshapen = std::get<nn::TorchDict>(average.StateDict().data);
  misshapen.items[3].second = {at::zeros({7})};
  EXPECT_THAT(error(misshapen), HasSubstr("has another shape than the network's"));
}

}  // namespace
}  // namespace vantage::train
