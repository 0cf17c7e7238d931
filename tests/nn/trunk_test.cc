// SPDX-License-Identifier: BSD-3-Clause
#include "nn/trunk.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/linspace.h>
#include <ATen/ops/sin.h>
#include <ATen/ops/zeros.h>

#include <nlohmann/json.hpp>

#include "nn/model_file.h"
#include "testing/files.h"
#include "testing/tensors.h"
#include "util/file.h"

namespace vantage::nn {
namespace {

using vantage::testing::ErrorOf;
using vantage::testing::FillByFormula;
using vantage::testing::ReadNpyTensor;
using vantage::testing::RelativeError;
using vantage::testing::SharedFolder;
using vantage::testing::WeightsFolder;

class Trunks : public ::testing::TestWithParam<std::string> {};

TEST_P(Trunks, HaveTheReferencesTensors) {
  const std::string path = "reference/trunks/" + GetParam() + ".json";
  VANTAGE_REQUIRE_SHARED(path);
  auto expected = nlohmann::json::parse(ReadFile(SharedFolder() / path))
                      .get<std::map<std::string, std::vector<int64_t>>>();
  const Trunk trunk = MakeTrunk(GetParam());
  for (const std::string& prefix : trunk.classifier_prefixes) {
    std::erase_if(expected, [&](const auto& item) { return item.first.rfind(prefix, 0) == 0; });
  }
  std::map<std::string, std::vector<int64_t>> shapes;
  trunk.layers->Visit(
      [&](const std::string& name, at::Tensor& tensor, TensorRole) { shapes[name] = tensor.sizes().vec(); });
  EXPECT_EQ(shapes, expected);
}

TEST_P(Trunks, GiveTheReferencesFeatureMapUnderFormulaWeights) {
  if (GetParam() == "efficientnet_lite0") return;  // its reference is under its real weights, below
  const std::string path = "reference/trunks/" + GetParam() + ".npy";
  VANTAGE_REQUIRE_SHARED(path);
  const at::NoGradGuard no_grad;
  Trunk trunk = MakeTrunk(GetParam());
  trunk.layers->Visit(
      [](const std::string& name, at::Tensor& tensor, TensorRole) { FillByFormula(name, tensor); });
  const at::Tensor input = ReadNpyTensor(SharedFolder() / "reference/trunks/input.npy");
  const at::Tensor expected = ReadNpyTensor(SharedFolder() / path);
  EXPECT_LT(RelativeError(trunk.layers->Forward(input), expected), 1e-4);
  EXPECT_LT(RelativeError(trunk.layers->Forward(input.contiguous(at::MemoryFormat::ChannelsLast)), expected),
            1e-4);
  EXPECT_EQ(trunk.output_channels, expected.size(1));
}

TEST_P(Trunks, GiveTheSameFrozen) {
  const at::NoGradGuard no_grad;
  Trunk trunk = MakeTrunk(GetParam());
  trunk.layers->Visit(
      [](const std::string& name, at::Tensor& tensor, TensorRole) { FillByFormula(name, tensor); });
  // Of an odd size, so that strides and paddings do not divide it.
  const at::Tensor input = at::linspace(-2, 2, 2 * 3 * 97 * 75).view({2, 3, 97, 75}).sin();
  const at::Tensor expected = trunk.layers->Forward(input);
  trunk.layers->Freeze(at::kFloat);
  const at::Tensor frozen = trunk.layers->Forward(input.contiguous(at::MemoryFormat::ChannelsLast));
  EXPECT_LT(RelativeError(frozen, expected), 1e-4);  // sums run in another order, through up to 200 layers
  trunk.layers->Visit([](const std::string& name, at::Tensor&, TensorRole) {
    EXPECT_FALSE(name.ends_with("running_mean")) << name << " is folded away";
  });
}

TEST_P(Trunks, TakeTheSmallestPhotos) {
  const at::NoGradGuard no_grad;
  const Trunk trunk = MakeTrunk(GetParam());
  const at::Tensor map_BCHW = trunk.layers->Forward(at::zeros({1, 3, 64, 40}));
  EXPECT_EQ(map_BCHW.size(1), trunk.output_channels);
  EXPECT_GE(map_BCHW.size(3), 1);
}

INSTANTIATE_TEST_SUITE_P(All, Trunks,
                         ::testing::Values("alexnet", "densenet121", "densenet161", "densenet169",
                                           "densenet201", "efficientnet_lite0", "resnet18", "resnet34",
                                           "resnet50", "resnet101", "resnet152", "squeezenet1_0",
                                           "squeezenet1_1", "vgg11", "vgg11_bn", "vgg13", "vgg13_bn", "vgg16",
                                           "vgg16_bn", "vgg19", "vgg19_bn"),
                         [](const auto& param_info) { return param_info.param; });

TEST(Trunk, EfficientNetGivesTheReferencesFeatureMapUnderItsRealWeights) {
  VANTAGE_REQUIRE_SHARED("reference/trunks/efficientnet_lite0-imagenet.npy");
  VANTAGE_REQUIRE_WEIGHTS("efficientnet_lite0.pth");
  const at::NoGradGuard no_grad;
  DescriptorNetOptions options;
  options.architecture = "efficientnet_lite0";
  const ModelParts model = ReadModel(WeightsFolder() / "efficientnet_lite0.pth", options);
  const at::Tensor input = ReadNpyTensor(SharedFolder() / "reference/trunks/input.npy");
  const at::Tensor expected =
      ReadNpyTensor(SharedFolder() / "reference/trunks/efficientnet_lite0-imagenet.npy");
  EXPECT_LT(RelativeError(model.net.trunk().layers->Forward(input), expected), 1e-4);
}

TEST(Trunk, UnknownArchitectureIsNamedWithTheKnown) {
  EXPECT_THROW(MakeTrunk("resnet1001"), UsageError);
  EXPECT_THAT(ErrorOf([] { MakeTrunk("resnet1001"); }),
              ::testing::HasSubstr("known are alexnet, densenet121"));
}

TEST(Trunk, CirtorchNumbersTheChildren) {
  EXPECT_EQ(CirtorchName(MakeTrunk("resnet18"), "layer1.0.conv1.weight"), "features.4.0.conv1.weight");
  EXPECT_EQ(CirtorchName(MakeTrunk("resnet18"), "bn1.running_mean"), "features.1.running_mean");
  EXPECT_EQ(CirtorchName(MakeTrunk("squeezenet1_1"), "features.12.squeeze.bias"), "features.12.squeeze.bias");
}

}  // namespace
}  // namespace vantage::nn
