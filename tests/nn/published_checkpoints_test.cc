// SPDX-License-Identifier: BSD-3-Clause
// Checkpoints of naver's deep-image-retrieval and of the benchmark of visual geo-localisation.
#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/full.h>
#include <ATen/ops/linspace.h>
#include <ATen/ops/pow.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/zeros.h>

#include <cmath>
#include <cstdlib>

#include "nn/locals.h"
#include "nn/model_file.h"
#include "nn/model_info_json.h"
#include "testing/files.h"
#include "testing/tensors.h"
#include "util/file.h"
#include "util/subprocess.h"

namespace vantage::nn {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using vantage::testing::ErrorOf;
using vantage::testing::FillByFormula;
using vantage::testing::ReadNpyTensor;
using vantage::testing::RelativeError;
using vantage::testing::TemporaryFolder;

constexpr int64_t kChannels = 512;
constexpr double kExponent = 2.5;

at::Tensor Filled(const std::string& name, const std::vector<int64_t>& shape) {
  at::Tensor tensor = at::zeros(shape);
  FillByFormula(name, tensor);
  return tensor;
}

at::Tensor Images() { return at::linspace(0, 60, 2 * 3 * 64 * 96).sin().view({2, 3, 64, 96}); }

// The generalised mean, and the division by the length, as formulas.
at::Tensor Gem(const at::Tensor& map_BCHW) {
  return at::pow(at::pow(map_BCHW.clamp_min(1e-6), kExponent).mean({2, 3}), 1 / kExponent);
}
at::Tensor Unit(const at::Tensor& x, int64_t dim) { return x / x.norm(2, {dim}, true); }

class PublishedCheckpoints : public ::testing::Test {
 protected:
  // The trunk's tensors under torchvision's names, or numbered in a chain.
  void AddTrunk(const std::string& prefix, bool is_chain) {
    trunk_->Visit([&](const std::string& name, const at::Tensor& tensor, TensorRole) {
      FillByFormula(name, tensor);
      const std::string numbered = CirtorchName(trunk_->row(), name).substr(std::string("features.").size());
      state_.Set(prefix + (is_chain ? numbered : name), {tensor});
    });
  }
  void Add(const std::string& name, const at::Tensor& tensor) { state_.Set(name, {tensor}); }
  void Write(const char* key) const {
    TorchDict file;
    file.Set(key, {state_});
    WriteTorchFile({file}, Path());
  }
  std::filesystem::path Path() const { return folder_ / "m.pth"; }
  at::Tensor Map() const { return trunk_->Forward(Images()).map_BCHW; }

  TemporaryFolder folder_;
  TorchDict state_;
  std::unique_ptr<Trunk> trunk_ = MakeTrunk("resnet18");
  at::NoGradGuard no_grad_;
};

struct GemChain {
  const char* name;
  const char* exponent;
  bool has_linear;
  std::string head;  // that is stated
  at::Tensor (*pool)(const at::Tensor& map_BCHW);
};

std::ostream& operator<<(std::ostream& out, const GemChain& chain) { return out << chain.name; }

class GeoLocalizationGem : public PublishedCheckpoints, public ::testing::WithParamInterface<GemChain> {};

TEST_P(GeoLocalizationGem, GivesTheDescriptorOfItsFormula) {
  const GemChain& chain = GetParam();
  AddTrunk("module.backbone.", true);
  Add(std::string("module.") + chain.exponent, at::full({1}, kExponent));
  const at::Tensor weight = Filled("weight", {32, kChannels});
  const at::Tensor bias = Filled("bias", {32});
  if (chain.has_linear) {
    Add("module.aggregation.1.weight", weight);
    Add("module.aggregation.1.bias", bias);
  }
  Write("model_state_dict");
  const ModelParts model = ReadModel(Path(), {"", chain.head});
  const at::Tensor pooled = chain.pool(Map());
  const at::Tensor expected = Unit(chain.has_linear ? pooled.matmul(weight.t()) + bias : pooled, 1);
  EXPECT_LT(RelativeError(model.net.Forward(Images()), expected), 1e-5);
  const json info = ToJson(ReadModelInfo(Path()), false);
  EXPECT_EQ(info["kind"], "deep-visual-geo-localization-benchmark weights");
  EXPECT_EQ(
      info["recognised"],
      (json{{"dictionary", "model_state_dict"}, {"layout", "geo-localization"}, {"wrappers", {"module"}}}));
  EXPECT_EQ(info["dimension"], chain.has_linear ? 32 : kChannels);
  // In the project's own format it stays the same.
  WriteModel(model, folder_ / "own.safetensors");
  EXPECT_TRUE(
      ReadModel(folder_ / "own.safetensors").net.Forward(Images()).equal(model.net.Forward(Images())));
}

INSTANTIATE_TEST_SUITE_P(
    All, GeoLocalizationGem,
    ::testing::Values(GemChain{"LocalsNormalised", "aggregation.1.p", false, "",
                               [](const at::Tensor& map) { return Gem(Unit(map, 1)); }},
                      GemChain{"LocalsNormalisedAndLinear", "aggregation.0.1.p", true, "",
                               [](const at::Tensor& map) { return Gem(Unit(map, 1)); }},
                      GemChain{"Plain", "aggregation.0.p", false, "", Gem},
                      GemChain{"PooledNormalisedAndLinear", "aggregation.0.0.p", true, "",
                               [](const at::Tensor& map) { return Unit(Gem(map), 1); }},
                      GemChain{"PlainAndLinear", "aggregation.0.0.p", true, "cirtorch:pooled_norm=false",
                               Gem}),
    [](const auto& param_info) { return param_info.param.name; });

TEST_F(PublishedCheckpoints, GeoLocalizationsNetVladGivesTheDescriptorOfItsFormula) {
  constexpr int64_t kClusters = 4;
  const at::Tensor centroids_KD = Filled("c", {kClusters, kChannels});
  const at::Tensor weight = Filled("w", {kClusters, kChannels, 1, 1}) * 5;
  AddTrunk("module.backbone.", true);
  Add("module.aggregation.centroids", centroids_KD);
  Add("module.aggregation.conv.weight", weight);
  Write("model_state_dict");
  const ModelParts model = ReadModel(Path());
  const at::Tensor x_BND = Unit(Map().flatten(2).transpose(1, 2), 2);
  const at::Tensor assignment_BNK = at::softmax(x_BND.matmul(weight.view({kClusters, kChannels}).t()), 2);
  const at::Tensor residuals_BNKD = x_BND.unsqueeze(2) - centroids_KD;
  const at::Tensor vlad_BKD = (residuals_BNKD * assignment_BNK.unsqueeze(3)).sum(1);
  EXPECT_LT(RelativeError(model.net.Forward(Images()), Unit(Unit(vlad_BKD, 2).flatten(1), 1)), 1e-5);
  EXPECT_EQ(ReadModelInfo(Path()).kind, "deep-visual-geo-localization-benchmark weights");
}

// A checkpoint as deep-image-retrieval writes it, with scikit-learn's PCA by its class's name and arrays of
// LAPACK's order.
constexpr const char* kWriteDirtorch = R"(
import collections, sys, types
import numpy, torch
folder, pooling = sys.argv[1], sys.argv[2]
module = types.ModuleType('sklearn.decomposition.pca')
class PCA: pass
PCA.__module__ = module.__name__
PCA.__qualname__ = 'PCA'
module.PCA = PCA
for name in ('sklearn', 'sklearn.decomposition'):
    sys.modules[name] = types.ModuleType(name)
sys.modules[module.__name__] = module
state = torch.load(folder + '/state.pth', weights_only=True)
random = numpy.random.RandomState(1)
pca = PCA()
pca.mean_ = random.rand(32).astype('f4') / 30
pca.components_ = numpy.asfortranarray(random.rand(20, 32) - 0.5)
pca.explained_variance_ = numpy.linspace(2, 0.01, 20)
pca.whiten = True
pca.noise_variance_ = numpy.float64(0)
for name in ('mean_', 'components_', 'explained_variance_'):
    numpy.save(folder + '/' + name, numpy.ascontiguousarray(getattr(pca, name), 'f8'))
torch.save({'iter': 5, 'state_dict': collections.OrderedDict(('module.' + k, v) for k, v in state.items()),
            'model_options': {'arch': 'resnet18_rmac', 'out_dim': 32, 'pooling': pooling, 'gemp': 3},
            'preprocess': {'mean': [0.5, 0.4, 0.3], 'std': [0.2, 0.2, 0.25], 'input_size': 224},
            'pca': {'Landmarks_clean': pca}}, folder + '/m.pth')
)";

class Dirtorch : public PublishedCheckpoints, public ::testing::WithParamInterface<const char*> {};

TEST_P(Dirtorch, GivesTheDescriptorAndWhiteningOfItsFormula) {
  const char* python = std::getenv("VANTAGE_PYTHON");  // NOLINT(concurrency-mt-unsafe)
  if (python == nullptr) GTEST_SKIP() << "needs VANTAGE_PYTHON naming a Python with torch";
  const bool is_gem = std::string(GetParam()) == "gem";
  const at::Tensor weight = Filled("weight", {32, kChannels});
  const at::Tensor bias = Filled("bias", {32});
  AddTrunk("", false);
  if (is_gem) Add("adpool.p", at::full({1}, kExponent));
  Add("fc.weight", weight);
  Add("fc.bias", bias);
  WriteTorchFile({state_}, folder_ / "state.pth");
  WriteFile(folder_ / "write.py", kWriteDirtorch);
  const auto [code, output] =
      CaptureCommand({python, (folder_ / "write.py").string(), folder_.path().string(), GetParam()});
  ASSERT_EQ(code, 0) << output;

  const ModelParts model = ReadModel(Path());
  const at::Tensor pooled = is_gem ? Gem(Map()) : Map().amax({2, 3});
  const at::Tensor expected = Unit(pooled.matmul(weight.t()) + bias, 1);
  const at::Tensor descriptors = model.net.Forward(Images());
  EXPECT_LT(RelativeError(descriptors, expected), 1e-5);
  EXPECT_EQ(model.net.normalization.mean[2], 0.3);
  EXPECT_EQ(model.default_whitening, "Landmarks_clean");

  const auto array = [&](const std::string& name) { return ReadNpyTensor(folder_ / (name + ".npy")); };
  const at::Tensor centred = descriptors.to(at::kDouble) - array("mean_");
  const at::Tensor whitened =
      Unit(centred.matmul(array("components_").t()) / at::pow(array("explained_variance_"), 0.25), 1);
  const at::Tensor row = descriptors[1].to(at::kDouble).contiguous();
  const Eigen::MatrixXd one = Eigen::Map<const Eigen::RowVectorXd>(row.const_data_ptr<double>(), 32);
  const Eigen::MatrixXd actual = ApplyWhitening(*model.whitenings.at("Landmarks_clean").single_scale, one);
  ASSERT_EQ(actual.cols(), 20);
  for (int64_t i = 0; i < 20; ++i) EXPECT_NEAR(actual(0, i), whitened[1][i].item<double>(), 1e-5) << i;

  const json info = ToJson(ReadModelInfo(Path()), false);
  EXPECT_EQ(info["kind"], "deep-image-retrieval checkpoint");
  EXPECT_EQ(info["whitenings"]["Landmarks_clean"]["ss"], json({20, 32}));
  EXPECT_EQ(info["recognised"], (json{{"dictionary", "state_dict"}, {"wrappers", {"module"}}}));
  EXPECT_EQ(info["ignored"], (json{{"iter", "int"}}));
  EXPECT_FALSE(info.contains("unknown")) << info;
}

INSTANTIATE_TEST_SUITE_P(All, Dirtorch, ::testing::Values("gem", "max"),
                         [](const auto& param_info) { return std::string(param_info.param); });

TEST_F(PublishedCheckpoints, DirtorchsOptionsThatAreNotComputedAreErrors) {
  AddTrunk("", false);
  const auto error = [&](const std::string& key, const TorchValue& value) {
    TorchDict options;
    options.Set("arch", {std::string("resnet18_rmac")});
    options.Set(key, value);
    TorchDict file;
    file.Set("state_dict", {state_});
    file.Set("model_options", {options});
    WriteTorchFile({file}, Path());
    return ErrorOf([&] { ReadModel(Path()); });
  };
  EXPECT_THAT(error("center_bias", {0.5}), HasSubstr("m.pth: model_options: a bias towards the centre"));
  EXPECT_THAT(error("pooling", {std::string("sum")}), HasSubstr("a pooling 'sum' that is not known"));
  EXPECT_THAT(error("without_fc", {std::string("no")}), HasSubstr("without_fc is a string"));
}

}  // namespace
}  // namespace vantage::nn
