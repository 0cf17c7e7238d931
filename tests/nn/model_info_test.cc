// SPDX-License-Identifier: BSD-3-Clause
#include "nn/model_info_json.h"
#include "vantage/model.h"

#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>

#include <nlohmann/json.hpp>

#include "nn/model_file.h"
#include "nn/trunk.h"
#include "testing/files.h"
#include "util/file.h"

namespace vantage::nn {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using vantage::testing::ErrorOf;
using vantage::testing::SharedFolder;
using vantage::testing::TemporaryFolder;

json InfoOf(const std::filesystem::path& path, bool all_tensors = false) {
  return ToJson(ReadModelInfo(path), all_tensors);
}

TEST(ModelInfo, TellsWhatAModelOfOurOwnHolds) {
  const TemporaryFolder folder;
  const DescriptorNetOptions options{"resnet18",
                                     CirtorchHeadOptions{.fc_whitening = true, .output_dimension = 64}};
  ModelParts model{DescriptorNet(options), {}};
  model.preprocessing = LongestSide(362);
  model.scales = {1, 0.5};
  model.licence = "MIT";
  model.origin = R"({"epoch":7})";
  model.whitenings["own"].multi_scale =
      Whitening{Eigen::VectorXd::Zero(64), Eigen::MatrixXd::Identity(32, 64)};
  for (const std::string name : {"m.pth", "m.safetensors"}) {
    WriteModel(model, folder / name);
    const json info = InfoOf(folder / name);
    EXPECT_EQ(info["kind"], "vantage checkpoint");
    EXPECT_EQ(info["format"], name == "m.pth" ? "PyTorch zip" : "safetensors");
    EXPECT_EQ(info["architecture"], "resnet18");
    EXPECT_EQ(info["head"]["kind"], "cirtorch");
    EXPECT_EQ(info["head"]["cirtorch"]["pooling"], "gem");
    EXPECT_EQ(info["dimension"], 64);
    EXPECT_EQ(info["tensors"], 123);
    EXPECT_EQ(info["parameters"], 11'176'512 + 1 + 64 * 513);  // torchvision's resnet18 without fc
    EXPECT_EQ(info["element_types"], json({{"float32", 103}, {"int64", 20}}));
    EXPECT_EQ(info["whitenings"], json({{"own", {{"ms", {32, 64}}}}}));
    EXPECT_EQ(info["preprocessing"], "longest=362");
    EXPECT_EQ(info["scales"], json({1.0, 0.5}));
    EXPECT_EQ(info["licence"], "MIT");
    EXPECT_EQ(info["origin"]["epoch"], 7);
    EXPECT_EQ(info["mean"][0], 0.485);
    EXPECT_EQ(info["first_tensors"].size(), 3U);
    EXPECT_EQ(InfoOf(folder / name, true)["all_tensors"].size(), 123U);
    EXPECT_EQ(info["weights_sha256"], WeightsSha256(model.net));
  }
}

TEST(ModelInfo, TellsKindsApart) {
  const TemporaryFolder folder;
  const auto kind = [&](const std::string& name, at::IntArrayRef shape, const std::string& more = "") {
    TorchDict state;
    state.Set(name, {at::zeros(shape)});
    if (!more.empty()) state.Set(more, {at::ones({1})});
    WriteTorchFile({state}, folder / "m.pth");
    return InfoOf(folder / "m.pth")["kind"];
  };
  EXPECT_EQ(kind("features.28.weight", {512, 512, 3, 3}), "trunk weights of vgg16");
  EXPECT_EQ(kind("features.28.weight", {512, 512, 3, 3}, "classifier.6.bias"), "weights of vgg16");
  EXPECT_EQ(kind("backbone.28.weight", {512, 512, 3, 3}, "aggregation.3.weight"),
            "CosPlace or EigenPlaces weights");
  EXPECT_EQ(kind("backbone.28.weight", {512, 512, 3, 3}, "aggregation.1.p"),
            "deep-visual-geo-localization-benchmark weights");
  EXPECT_EQ(kind("features.28.weight", {512, 512, 5, 5}), "unknown weights");
}

TEST(ModelInfo, TellsOfCirtorchsCheckpoints) {
  VANTAGE_REQUIRE_SHARED("weights/cirtorch-squeezenet1_1-gem-w.pth.tar");
  const json info = InfoOf(SharedFolder() / "weights/cirtorch-squeezenet1_1-gem-w.pth.tar");
  EXPECT_EQ(info["kind"], "cirtorch checkpoint");
  EXPECT_EQ(info["optimizer_state"], true);
  EXPECT_EQ(info["epoch"], 3);
  EXPECT_EQ(info["dimension"], 512);
  const json legacy = InfoOf(SharedFolder() / "weights/cirtorch-squeezenet1_1-gem-w-legacy.pth.tar");
  EXPECT_EQ(legacy["format"], "PyTorch before 1.6");
  EXPECT_EQ(legacy["tensors"], info["tensors"]);
}

TEST(ModelInfo, FilesThatAreNoModelsAreErrors) {
  const TemporaryFolder folder;
  WriteTorchFile({TorchDict()}, folder / "empty.pth");
  EXPECT_THAT(ErrorOf([&] { ReadModelInfo(folder / "empty.pth"); }),
              HasSubstr("empty.pth: holds no tensors of a network"));
  WriteTorchFile({std::string("text")}, folder / "text.pth");
  EXPECT_THAT(ErrorOf([&] { ReadModelInfo(folder / "text.pth"); }),
              HasSubstr("text.pth: holds a str, not a state dictionary"));
  WriteFile(folder / "noise.pth", "not a model");
  EXPECT_THAT(ErrorOf([&] { ReadModelInfo(folder / "noise.pth"); }), HasSubstr("noise.pth: "));
  WriteFile(folder / "noise.safetensors", "not a model");
  EXPECT_THAT(ErrorOf([&] { ReadModelInfo(folder / "noise.safetensors"); }),
              HasSubstr("noise.safetensors: a header of "));
}

class RecognisedTrunks : public ::testing::TestWithParam<std::string> {};

TEST_P(RecognisedTrunks, UnderTheNamesOfTorchvisionCirtorchAndCosPlace) {
  const TrunkRow& row = TrunkNamed(GetParam());
  TensorShapes torchvision;
  TensorShapes cirtorch;
  TensorShapes cosplace;
  MakeTrunk(row.name)->Visit([&](const std::string& name, const at::Tensor& tensor, TensorRole) {
    const std::string number = CirtorchName(row, name).substr(std::string("features.").size());
    torchvision[name] = cirtorch["features." + number] = cosplace["backbone." + number] =
        tensor.sizes().vec();
  });
  for (const std::string& prefix : row.classifier_prefixes) torchvision[prefix + "weight"] = {1000, 512};
  for (const TensorShapes& shapes : {torchvision, cirtorch, cosplace}) {
    EXPECT_EQ(RecogniseTrunk(shapes), &row);
  }
}

INSTANTIATE_TEST_SUITE_P(All, RecognisedTrunks, ::testing::ValuesIn(TrunkArchitectures()),
                         [](const auto& param_info) { return param_info.param; });

}  // namespace
}  // namespace vantage::nn
