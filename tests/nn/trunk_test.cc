// SPDX-License-Identifier: BSD-3-Clause
#include "nn/trunk.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/linspace.h>
#include <ATen/ops/sin.h>
#include <ATen/ops/zeros.h>

#include <nlohmann/json.hpp>

#include "nn/fold_norms.h"
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

class EachTrunk : public ::testing::TestWithParam<std::string> {
 protected:
  std::unique_ptr<Trunk> MakeFilled() const {
    auto trunk = MakeTrunk(GetParam());
    trunk->Visit(
        [](const std::string& name, const at::Tensor& tensor, TensorRole) { FillByFormula(name, tensor); });
    return trunk;
  }
};

at::Tensor MapOf(const Trunk& trunk, const at::Tensor& images) { return trunk.Forward(images).map_BCHW; }

// Those of shared/reference/trunks; vision_transformer_test.cc has the others.
class EachConvolutionalTrunk : public EachTrunk {};

TEST_P(EachConvolutionalTrunk, HasTheReferencesTensors) {
  const std::string path = "reference/trunks/" + GetParam() + ".json";
  VANTAGE_REQUIRE_SHARED(path);
  auto expected = nlohmann::json::parse(ReadFile(SharedFolder() / path))
                      .get<std::map<std::string, std::vector<int64_t>>>();
  for (const std::string& prefix : TrunkNamed(GetParam()).classifier_prefixes)
    std::erase_if(expected, [&](const auto& item) { return item.first.starts_with(prefix); });
  std::map<std::string, std::vector<int64_t>> shapes;
  MakeTrunk(GetParam())->Visit([&](const std::string& name, const at::Tensor& tensor, TensorRole) {
    shapes[name] = tensor.sizes().vec();
  });
  EXPECT_EQ(shapes, expected);
}

TEST_P(EachConvolutionalTrunk, GivesTheReferencesFeatureMapUnderFormulaWeights) {
  const std::string path = "reference/trunks/" + GetParam() + ".npy";
  VANTAGE_REQUIRE_SHARED(path);
  const at::NoGradGuard no_grad;
  const auto trunk = MakeFilled();
  const at::Tensor input = ReadNpyTensor(SharedFolder() / "reference/trunks/input.npy");
  const at::Tensor expected = ReadNpyTensor(SharedFolder() / path);
  EXPECT_LT(RelativeError(MapOf(*trunk, input), expected), 1e-4);
  EXPECT_LT(RelativeError(MapOf(*trunk, input.contiguous(at::MemoryFormat::ChannelsLast)), expected), 1e-4);
}

TEST_P(EachTrunk, GivesTheSameFrozen) {
  const at::NoGradGuard no_grad;
  const auto trunk = MakeFilled();
  const int64_t unit = trunk->row().input.multiple_of;
  // An odd size if the trunk takes one, so that strides do not divide it.
  const int64_t height = 97 / unit * unit;
  const int64_t width = 75 / unit * unit;
  const at::Tensor input = at::linspace(-2, 2, 2 * 3 * height * width).view({2, 3, height, width}).sin();
  const at::Tensor expected = MapOf(*trunk, input);
  Freeze(*trunk, at::kFloat);
  const at::Tensor frozen = MapOf(*trunk, input.contiguous(at::MemoryFormat::ChannelsLast));
  EXPECT_LT(RelativeError(frozen, expected), 1e-4);  // sums have another order, in up to 200 layers
  trunk->Visit([](const std::string& name, const at::Tensor&, TensorRole) {
    EXPECT_FALSE(name.ends_with("running_mean")) << name << " is folded away";
  });
}

TEST_P(EachTrunk, TakesImagesOfItsSmallestSideAndNoSmaller) {
  const at::NoGradGuard no_grad;
  const auto trunk = MakeTrunk(GetParam());
  const TrunkRow& row = trunk->row();
  const auto locations = [&](int64_t side) -> int64_t {
    try {
      const at::Tensor map_BCHW = MapOf(*trunk, at::zeros({1, 3, side, side}));
      EXPECT_EQ(map_BCHW.size(1), row.channels);
      return map_BCHW.size(2) * map_BCHW.size(3);
    } catch (const std::exception&) {
      return 0;
    }
  };
  EXPECT_GE(locations(row.input.smallest_side), 1);
  const int64_t smaller = row.input.smallest_side - row.input.multiple_of;
  if (smaller > 0) {
    EXPECT_EQ(locations(smaller), 0);
  }
}

TEST_P(EachTrunk, IsTheSameRunInParts) {
  const at::NoGradGuard no_grad;
  const auto trunk = MakeFilled();
  const int64_t side = std::max<int64_t>(trunk->row().input.smallest_side, 56);
  const at::Tensor input = at::linspace(-2, 2, 3 * side * side).view({1, 3, side, side}).sin();
  TrunkState state = trunk->Stem(input, {});
  for (int stage = 0; stage < trunk->stages(); ++stage) {
    const at::Tensor before = state.x.clone();
    const TrunkState after = trunk->Run(state, stage, stage + 1, {});
    ASSERT_TRUE(state.x.equal(before)) << "stage " << stage << " changes its input";
    state = after;
  }
  EXPECT_TRUE(trunk->Finish(state, {}, {}).map_BCHW.equal(MapOf(*trunk, input)));
}

TEST_P(EachTrunk, CountsTheFrozenStagesUpToTheFirstTrainedTensor) {
  const auto trunk = MakeTrunk(GetParam());
  const std::map<std::string, int> depths = trunk->Depths();
  const auto train_from = [&](int depth) {
    trunk->Visit([&](const std::string& name, const at::Tensor& tensor, TensorRole role) {
      tensor.requires_grad_(role == TensorRole::kParameter && depths.at(name) >= depth);
    });
    return trunk->FrozenStages();
  };
  EXPECT_EQ(train_from(trunk->stages() + 2), trunk->stages());
  EXPECT_EQ(train_from(0), 0);
  // A stage may have no tensors.
  EXPECT_GE(train_from(trunk->stages()), trunk->stages() - 1);
  EXPECT_GE(train_from(2), 1);
  EXPECT_LT(train_from(2), trunk->stages());
}

TEST_P(EachTrunk, HasADepthOfEachTensorThatGrowsInTheirOrder) {
  const auto trunk = MakeTrunk(GetParam());
  const std::map<std::string, int> depths = trunk->Depths();
  int last = 0;
  size_t tensors = 0;
  trunk->Visit([&](const std::string& name, const at::Tensor&, TensorRole) {
    ++tensors;
    ASSERT_TRUE(depths.contains(name)) << name;
    EXPECT_GE(depths.at(name), last) << name;
    last = depths.at(name);
  });
  EXPECT_EQ(tensors, depths.size());
  EXPECT_GE(last, trunk->stages());
}

TEST_P(EachTrunk, HasATwinOfItsShapesWithoutMemory) {
  const auto trunk = MakeTrunk(GetParam());
  std::map<std::string, std::vector<int64_t>> shapes;
  trunk->Visit([&](const std::string& name, const at::Tensor& tensor, TensorRole) {
    shapes[name] = tensor.sizes().vec();
  });
  trunk->Twin()->Visit([&](const std::string& name, const at::Tensor& tensor, TensorRole) {
    EXPECT_TRUE(tensor.is_meta()) << name;
    EXPECT_EQ(tensor.sizes().vec(), shapes[name]) << name;
    shapes.erase(name);
  });
  EXPECT_TRUE(shapes.empty());
}

INSTANTIATE_TEST_SUITE_P(All, EachConvolutionalTrunk, ::testing::ValuesIn([] {
                           std::vector<std::string> names = TrunkArchitectures();
                           std::erase_if(names, [](const auto& name) { return TrunkNamed(name).blocks > 0; });
                           return names;
                         }()),
                         [](const auto& test) { return test.param; });
INSTANTIATE_TEST_SUITE_P(All, EachTrunk, ::testing::ValuesIn(vantage::testing::SmallArchitectures()),
                         [](const auto& test) { return vantage::testing::TestName(test.param); });

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
  EXPECT_LT(RelativeError(MapOf(model.net.trunk(), input), expected), 1e-4);
}

TEST(Trunk, UnknownArchitectureIsNamedWithTheKnown) {
  EXPECT_THROW(MakeTrunk("resnet1001"), UsageError);
  EXPECT_THAT(ErrorOf([] { MakeTrunk("resnet1001"); }),
              ::testing::HasSubstr("known are alexnet, densenet121"));
}

TEST(Trunk, CirtorchNumbersTheChildren) {
  EXPECT_EQ(CirtorchName(TrunkNamed("resnet18"), "layer1.0.conv1.weight"), "features.4.0.conv1.weight");
  EXPECT_EQ(CirtorchName(TrunkNamed("resnet18"), "bn1.running_mean"), "features.1.running_mean");
  EXPECT_EQ(CirtorchName(TrunkNamed("squeezenet1_1"), "features.12.squeeze.bias"),
            "features.12.squeeze.bias");
}

}  // namespace
}  // namespace vantage::nn
