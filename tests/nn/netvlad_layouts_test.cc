// SPDX-License-Identifier: BSD-3-Clause
// NetVLAD weights published by others.
#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/linspace.h>
#include <ATen/ops/sin.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include <map>
#include <nlohmann/json.hpp>

#include "nn/locals.h"
#include "nn/model_file.h"
#include "nn/model_info_json.h"
#include "nn/netvlad.h"
#include "nn/pooling.h"
#include "testing/files.h"
#include "testing/mat_files.h"
#include "testing/tensors.h"
#include "util/file.h"
#include "vantage/model.h"

namespace vantage::nn {
namespace {

using ::testing::HasSubstr;
using vantage::testing::ErrorOf;
using vantage::testing::FillByFormula;
using vantage::testing::MatCells;
using vantage::testing::MatElement;
using vantage::testing::MatFileOf;
using vantage::testing::MatNumbers;
using vantage::testing::MatStruct;
using vantage::testing::RelativeError;
using vantage::testing::TemporaryFolder;

constexpr int64_t kClusters = 4;
constexpr int64_t kDimension = 512;

at::Tensor Filled(const std::string& name, const std::vector<int64_t>& shape) {
  at::Tensor tensor = at::zeros(shape);
  FillByFormula(name, tensor);
  return tensor;
}

class NetVladLayouts : public ::testing::Test {
 protected:
  // VGG-11's tensors under another prefix, and a network whose map is taken before the last ReLU or after it.
  void AddTrunk(const std::string& prefix, bool last_relu) {
    trunk_ = DescriptorNet({"vgg11", LocalGemHeadOptions{.locals = {.last_relu = last_relu}}});
    trunk_.Visit([&](const std::string& name, const at::Tensor& tensor, TensorRole role) {
      if (role == TensorRole::kExponent) return;
      FillByFormula(name, tensor);
      Add(prefix + name.substr(std::string("base_features.").size()), tensor);
    });
  }
  void Add(const std::string& name, const at::Tensor& tensor) { state_.Set(name, {tensor}); }

  std::filesystem::path Write(const char* key) const {
    TorchDict file;
    file.Set(key, {state_});
    file.Set("epoch", {int64_t{3}});
    WriteTorchFile({file}, folder_ / "model.pth");
    return folder_ / "model.pth";
  }

  // V, B x D x K, before normalisation, with the whole tensor of residuals.
  at::Tensor Residuals(const at::Tensor& centroids_DK, const at::Tensor& weights_DK,
                       const at::Tensor& bias_K) const {
    const at::Tensor map = trunk_.FeaturesOf(Images()).map_BCHW;
    const at::Tensor x_BND = NormalizeAlong(map.flatten(2).transpose(1, 2), 2);
    const at::Tensor assignment_BNK = at::softmax(x_BND.matmul(weights_DK) + bias_K, 2);
    const at::Tensor residuals_BNDK = x_BND.unsqueeze(3) - centroids_DK;
    return (residuals_BNDK * assignment_BNK.unsqueeze(2)).sum(1);
  }

  static at::Tensor Images() { return at::linspace(0, 60, 2 * 3 * 96 * 128).sin().view({2, 3, 96, 128}); }

  TemporaryFolder folder_;
  TorchDict state_;
  DescriptorNet trunk_{{"vgg11"}};
};

TEST_F(NetVladLayouts, OfPyTorchNetVladIsRead) {
  const at::NoGradGuard no_grad;
  const at::Tensor centroids_KD = Filled("c", {kClusters, kDimension});
  const at::Tensor weight = Filled("w", {kClusters, kDimension, 1, 1}) * 5;
  for (const bool is_parallel : {false, true}) {
    state_ = {};
    AddTrunk(is_parallel ? "encoder.module." : "encoder.", false);
    Add(is_parallel ? "pool.module.centroids" : "pool.centroids", centroids_KD);
    Add(is_parallel ? "pool.module.conv.weight" : "pool.conv.weight", weight);
    const auto path = Write("state_dict");
    const nlohmann::json info = ToJson(ReadModelInfo(path), true);
    EXPECT_EQ(info["kind"], "pytorch-NetVlad weights");
    EXPECT_EQ(info["architecture"], "vgg11");
    EXPECT_EQ(info["head"]["kind"], "netvlad");
    EXPECT_EQ(info["dimension"], kClusters * kDimension);
    EXPECT_THAT(info["all_tensors"][0]["name"].get<std::string>(), HasSubstr("encoder."));
    const ModelParts model = ReadModel(path);
    const at::Tensor expected = NormalizeAlong(
        NormalizeAlong(
            Residuals(centroids_KD.t(), weight.view({kClusters, kDimension}).t(), at::zeros({kClusters})), 1)
            .transpose(1, 2)
            .flatten(1),
        1);
    EXPECT_LT(RelativeError(model.net.Forward(Images()), expected), 1e-5);
  }
}

TEST_F(NetVladLayouts, OfHlocIsRead) {
  const at::NoGradGuard no_grad;
  const at::Tensor centers_DK = Filled("c", {kDimension, kClusters});
  const at::Tensor weight = Filled("w", {kClusters, kDimension, 1}) * 5;
  const at::Tensor bias = Filled("b", {kClusters});
  const at::Tensor whiten = Filled("whiten", {32, kClusters * kDimension});
  const at::Tensor whiten_bias = Filled("whiten bias", {32});
  AddTrunk("backbone.", false);
  Add("netvlad.score_proj.weight", weight);
  Add("netvlad.score_proj.bias", bias);
  Add("netvlad.centers", centers_DK);
  Add("whiten.weight", whiten);
  Add("whiten.bias", whiten_bias);
  const auto path = Write("state_dict");
  const nlohmann::json info = ToJson(ReadModelInfo(path), false);
  EXPECT_EQ(info["kind"], "hloc's NetVLAD weights");
  EXPECT_EQ(info["dimension"], 32);
  ModelParts model = ReadModel(path);
  EXPECT_NEAR(model.net.normalization.mean[0], 0.48502, 1e-5);
  EXPECT_NEAR(model.net.normalization.std[2], 1 / 255.0, 1e-12);
  const at::Tensor vlad = NormalizeAlong(
      NormalizeAlong(Residuals(centers_DK, weight.view({kClusters, kDimension}).t(), bias), 1).flatten(1), 1);
  const at::Tensor expected = NormalizeAlong(vlad.matmul(whiten.t()) + whiten_bias, 1);
  EXPECT_LT(RelativeError(model.net.Forward(Images()), expected), 1e-5);
  // Written in our own format it stays the same.
  WriteModel(model, folder_ / "own.pth");
  const ModelParts own = ReadModel(folder_ / "own.pth");
  EXPECT_TRUE(own.net.Forward(Images()).equal(model.net.Forward(Images())));
  EXPECT_EQ(own.net.normalization.mean, model.net.normalization.mean);
}

TEST_F(NetVladLayouts, OfThePapersCodeIsRead) {
  const at::NoGradGuard no_grad;
  constexpr int64_t kSplit = 128;
  AddTrunk("base_features.", true);
  const NetVladParameters parameters{Filled("c", {kSplit, kClusters}), Filled("w", {kSplit, kClusters}) * 5,
                                     Filled("b", {kClusters})};
  Add("netvlad_pool.centroids", parameters.centroids_DK);
  Add("netvlad_pool.assignment_weights", parameters.assignment_weights_DG);
  Add("netvlad_pool.assignment_bias", parameters.assignment_bias_G);
  const auto path = Write("model_state_dict");
  const nlohmann::json info = ToJson(ReadModelInfo(path), false);
  EXPECT_EQ(info["kind"], "NetVLAD weights of MVA 2022's code");
  EXPECT_EQ(info["dimension"], kClusters * kSplit);
  for (const std::vector<int64_t>& windows : {std::vector<int64_t>{}, {2, 3}}) {
    const ModelParts model = ReadModel(path, {"", windows.empty() ? "netvlad" : "netvlad:windows=2,3"});
    const at::Tensor locals = MakeLocals(trunk_.FeaturesOf(Images()).map_BCHW, windows, kSplit);
    EXPECT_LT(RelativeError(model.net.Forward(Images()), NetVlad(locals, parameters, NetVladHeadOptions{})),
              1e-5);
  }
}

TEST_F(NetVladLayouts, ThatLackATensorAreRefused) {
  AddTrunk("encoder.", false);
  Add("pool.centroids", Filled("c", {kClusters, kDimension}));
  Add("pool.conv.weight", Filled("w", {kClusters, kDimension + 1, 1, 1}));
  EXPECT_THAT(ErrorOf([&] { ReadModel(Write("state_dict")); }), HasSubstr("misshapen"));
  state_ = {};
  AddTrunk("encoder.", false);
  Add("pool.centroids", Filled("c", {kClusters}));
  Add("pool.conv.weight", Filled("w", {kClusters, kDimension, 1, 1}));
  EXPECT_THAT(ErrorOf([&] { ReadModel(Write("state_dict")); }),
              HasSubstr("'pool.centroids' is not a matrix"));
}

// Elements with the first index running fastest.
std::vector<float> Turned(const at::Tensor& tensor) {
  std::vector<int64_t> order(static_cast<size_t>(tensor.dim()));
  for (int64_t d = 0; d < tensor.dim(); ++d) order[static_cast<size_t>(d)] = tensor.dim() - 1 - d;
  const at::Tensor turned = tensor.permute(order).contiguous();
  return {turned.const_data_ptr<float>(), turned.const_data_ptr<float>() + turned.numel()};
}

std::string MatTensor(const at::Tensor& tensor) {
  return MatNumbers({tensor.sizes().begin(), tensor.sizes().end()}, Turned(tensor));
}

std::string MatLayer(const at::Tensor& weight, const at::Tensor& bias) {
  return MatStruct({"type", "weights"},
                   {MatElement(14, ""), MatCells({MatTensor(weight), MatTensor(bias.view({1, -1}))})});
}

TEST_F(NetVladLayouts, OfMatConvNetAreReadAsHlocDoes) {
  const at::NoGradGuard no_grad;
  const at::Tensor centers_DK = Filled("c", {kDimension, kClusters});
  const at::Tensor weight_DK = Filled("w", {kDimension, kClusters}) * 5;
  const at::Tensor whiten = Filled("whiten", {32, kClusters * kDimension});
  const at::Tensor whiten_bias = Filled("whiten bias", {32});
  AddTrunk("backbone.", false);
  std::vector<std::string> layers(24, MatStruct({"type"}, {MatElement(14, "")}));  // ReLU, pooling, ...
  std::map<std::string, at::Tensor> tensors;
  trunk_.Visit(
      [&](const std::string& name, const at::Tensor& tensor, TensorRole) { tensors[name] = tensor; });
  for (const auto& [name, tensor] : tensors) {
    if (!name.ends_with(".weight")) continue;
    const std::string layer = name.substr(0, name.rfind('.'));
    layers[std::stoul(layer.substr(layer.rfind('.') + 1))] =
        MatLayer(tensor.permute({2, 3, 1, 0}), tensors.at(layer + ".bias"));
  }
  layers[20] = MatStruct({"weights"}, {MatCells({MatTensor(weight_DK), MatTensor(-centers_DK)})});
  layers[23] = MatLayer(whiten.t().reshape({1, 1, kClusters * kDimension, 32}), whiten_bias);
  const at::Tensor average = at::tensor({120.0F, 110.0F, 100.0F}).view({1, 1, 3}).expand({2, 2, 3});
  const std::string net = MatStruct(
      {"layers", "meta"},
      {MatCells(layers), MatStruct({"normalization"}, {MatStruct({"averageImage"}, {MatTensor(average)})})},
      "net");
  const auto path = folder_ / "Pitts30K_struct.mat";
  WriteFile(path, MatFileOf({net}, true));

  const nlohmann::json info = ToJson(ReadModelInfo(path), false);
  EXPECT_EQ(info["kind"], "hloc's NetVLAD weights");
  EXPECT_EQ(info["format"], "MATLAB 5");
  EXPECT_EQ(info["architecture"], "vgg11");
  EXPECT_EQ(info["dimension"], 32);
  const ModelParts model = ReadModel(path);
  EXPECT_NEAR(model.net.normalization.mean[0], 120 / 255.0, 1e-12);
  EXPECT_NEAR(model.net.normalization.mean[2], 100 / 255.0, 1e-12);
  EXPECT_NEAR(model.net.normalization.std[1], 1 / 255.0, 1e-12);
  const at::Tensor vlad = NormalizeAlong(
      NormalizeAlong(Residuals(centers_DK, weight_DK, at::zeros({kClusters})), 1).flatten(1), 1);
  const at::Tensor expected = NormalizeAlong(vlad.matmul(whiten.t()) + whiten_bias, 1);
  EXPECT_LT(RelativeError(model.net.Forward(Images()), expected), 1e-5);
}

TEST_F(NetVladLayouts, OfMatConvNetThatAreSomethingElseAreRefused) {
  const auto error = [&](const std::string& variable) {
    WriteFile(folder_ / "net.mat", MatFileOf({variable}, true));
    return ErrorOf([&] { ReadModel(folder_ / "net.mat"); });
  };
  EXPECT_THAT(error(MatNumbers({1, 1}, {1}, "x")), HasSubstr("net.mat: holds no variable 'net'"));
  EXPECT_THAT(error(MatNumbers({1, 1}, {1}, "net")), HasSubstr("it has no cells 'layers'"));
  EXPECT_THAT(error(MatStruct({"layers"}, {MatCells({MatNumbers({1, 1}, {1})})}, "net")),
              HasSubstr("none is NetVLAD's"));
}

}  // namespace
}  // namespace vantage::nn
