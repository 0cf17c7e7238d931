// SPDX-License-Identifier: BSD-3-Clause
#include "nn/model_file.h"
#include "nn/losses/losses.h"
#include "util/hash.h"
#include "vantage/torch.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/pow.h>

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <sstream>

#include "nn/images_to_tensor.h"
#include "nn/pooling.h"
#include "testing/files.h"
#include "testing/tensors.h"
#include "util/file.h"
#include "util/hash.h"
#include "util/random.h"
#include "util/subprocess.h"

namespace vantage::nn {
namespace {

using ::testing::HasSubstr;
using vantage::testing::ErrorOf;
using vantage::testing::FilesBelow;
using vantage::testing::FillByFormula;
using vantage::testing::RelativeError;
using vantage::testing::SharedFolder;
using vantage::testing::TemporaryFolder;

ModelParts SampleModel() {
  ModelParts model{DescriptorNet({"squeezenet1_1"}), {}};
  model.net.Visit(
      [](const std::string& name, const at::Tensor& tensor, TensorRole) { FillByFormula(name, tensor); });
  model.preprocessing = LongestSide(362);
  model.licence = "BSD-3-Clause";
  model.origin = R"({"made":[1,2.5,"x",null,true]})";
  Whitening whitening{Eigen::VectorXd::LinSpaced(512, 0, 1), Eigen::MatrixXd::Identity(512, 512)};
  whitening.projection(0, 5) = 0.25;
  model.whitenings["own"].single_scale = whitening;
  return model;
}

std::map<std::string, at::Tensor> Tensors(ModelParts& model) {
  std::map<std::string, at::Tensor> tensors;
  model.net.Visit(
      [&](const std::string& name, const at::Tensor& tensor, TensorRole) { tensors[name] = tensor; });
  return tensors;
}

// Models of the longest side keep the keys that older programs read; others have a version that those refuse.
TEST(ModelFile, KeepsPreprocessing) {
  const TemporaryFolder folder;
  ModelParts model = SampleModel();
  const auto own = [&] { return nlohmann::json::parse(ReadModelInfo(folder / "m.pth").meta)["vantage"]; };
  const std::vector<std::optional<Preprocessing>> values = {
      std::nullopt,
      LongestSide(362),
      Preprocessing{},
      ParsePreprocessing("square=322,bicubic + multiple=14,bilinear,tensor"),
      ParsePreprocessing("longest=362 + mean=0.5,0.5,0.5 + std=1,1,1"),
      ParsePreprocessing("longest=362,enlarge")};
  for (const std::optional<Preprocessing>& value : values) {
    for (const std::optional<Preprocessing>& training : values) {
      model.preprocessing = value;
      model.training_preprocessing = training;
      WriteModel(model, folder / "m.pth");
      const ModelParts read = ReadModel(folder / "m.pth");
      EXPECT_EQ(read.preprocessing, value);
      EXPECT_EQ(read.training_preprocessing, training);
      EXPECT_EQ(own().contains("preprocessing"), value.has_value());
    }
  }
  EXPECT_EQ(own()["preprocessing"], "longest=362,enlarge");
}

TEST(ModelFile, KeepsWhetherPhotosAreTurnedByExif) {
  const TemporaryFolder folder;
  ModelParts model = SampleModel();
  for (const std::optional<bool> turns : {std::optional<bool>(), {true}, {false}}) {
    model.applies_exif_orientation = turns;
    for (const char* name : {"m.pth", "m.safetensors"}) {
      WriteModel(model, folder / name);
      EXPECT_EQ(ReadModel(folder / name).applies_exif_orientation, turns) << name;
    }
  }
}

TEST(ModelFile, ReadsBackWhatItWrites) {
  const TemporaryFolder folder;
  ModelParts model = SampleModel();
  WriteModel(model, folder / "m.pth");
  ModelParts read = ReadModel(folder / "m.pth");
  EXPECT_EQ(read.net.options().architecture, "squeezenet1_1");
  EXPECT_EQ(read.preprocessing, LongestSide(362));
  EXPECT_EQ(read.licence, "BSD-3-Clause");
  EXPECT_EQ(nlohmann::json::parse(read.origin), nlohmann::json::parse(model.origin));
  EXPECT_EQ(read.whitenings.at("own").single_scale->projection,
            model.whitenings.at("own").single_scale->projection);
  EXPECT_EQ(read.whitenings.at("own").single_scale->mean, model.whitenings.at("own").single_scale->mean);
  EXPECT_FALSE(read.whitenings.at("own").multi_scale.has_value());
  auto expected = Tensors(model);
  for (auto& [name, tensor] : Tensors(read)) EXPECT_TRUE(tensor.equal(expected.at(name))) << name;
}

TEST(ModelFile, TheSameModelGivesTheSameBytes) {
  const TemporaryFolder folder;
  ModelParts model = SampleModel();
  WriteModel(model, folder / "a.pth");
  WriteModel(model, folder / "b.pth");
  EXPECT_EQ(Sha256OfFile(folder / "a.pth"), Sha256OfFile(folder / "b.pth"));
}

TEST(ModelFile, CheckpointsOfCirtorchAreRead) {
  VANTAGE_REQUIRE_SHARED("weights/cirtorch-squeezenet1_1-gem-w.pth.tar");
  ModelParts zip = ReadModel(SharedFolder() / "weights/cirtorch-squeezenet1_1-gem-w.pth.tar");
  ModelParts legacy = ReadModel(SharedFolder() / "weights/cirtorch-squeezenet1_1-gem-w-legacy.pth.tar");
  EXPECT_TRUE(zip.net.options().head.As<CirtorchHeadOptions>().fc_whitening);
  auto expected = Tensors(zip);
  EXPECT_EQ(expected.count("whiten.weight"), 1U);
  for (auto& [name, tensor] : Tensors(legacy)) EXPECT_TRUE(tensor.equal(expected.at(name))) << name;
}

TEST(ModelFile, MissingUnknownAndMisshapenTensorsAreNamed) {
  const TemporaryFolder folder;
  ModelParts model = SampleModel();
  const auto write = [&](const std::function<void(TorchDict&)>& change) {
    TorchDict state;
    for (auto& [name, tensor] : Tensors(model)) state.Set(name, {tensor});
    change(state);
    WriteTorchFile({state}, folder / "bare.pth");
  };
  DescriptorNetOptions options;
  options.architecture = "squeezenet1_1";
  const auto error = [&] { return ErrorOf([&] { ReadModel(folder / "bare.pth", options); }); };

  write([](TorchDict& state) { state.items.erase(state.items.begin(), state.items.begin() + 5); });
  EXPECT_THAT(error(), HasSubstr("bare.pth: as a squeezenet1_1 with the head cirtorch it lacks 5 tensors: "));
  EXPECT_THAT(error(), HasSubstr("'features.0.weight' (64 x 3 x 3 x 3), "));
  EXPECT_THAT(error(), HasSubstr(" and 2 more"));
  write([](TorchDict& state) { state.Set("head.weight", {at::ones({3})}); });
  EXPECT_THAT(error(), HasSubstr("it has 1 unknown tensor: 'head.weight' (3)"));
  write([](TorchDict& state) { state.items[0].second = {at::ones({3, 2})}; });
  EXPECT_THAT(error(), HasSubstr("1 misshapen tensor: 'features.0.bias' (3 x 2) for (64)"));
  write([](TorchDict& state) { state.items[0].second = {std::string("text")}; });
  EXPECT_THAT(error(), HasSubstr("is a str, not a tensor"));
  // A classifier is left out.
  write([](TorchDict& state) { state.Set("classifier.1.weight", {at::ones({3})}); });
  EXPECT_NO_THROW(ReadModel(folder / "bare.pth", options));
}

TEST(ModelFile, PythonReadsIt) {
  const char* python = std::getenv("VANTAGE_PYTHON");  // NOLINT(concurrency-mt-unsafe)
  if (python == nullptr) GTEST_SKIP() << "needs VANTAGE_PYTHON naming a Python with torch";
  const TemporaryFolder folder;
  ModelParts model = SampleModel();
  WriteModel(model, folder / "m.pth");
  // Python prints, for each tensor, its name and an exact sum in float64.
  WriteFile(folder / "read.py",
            "import sys, torch\n"
            "file = torch.load(sys.argv[1], weights_only=True)\n"
            "assert file['meta']['architecture'] == 'squeezenet1_1'\n"
            "assert file['meta']['Lw']['own']['ss']['P'][0, 5] == 0.25\n"
            "assert file['meta']['vantage']['origin']['made'] == [1, 2.5, 'x', None, True]\n"
            "for name, tensor in file['state_dict'].items():\n"
            "    values = tensor.double().flatten()\n"
            "    weights = torch.arange(1, values.numel() + 1).double()\n"
            "    print(name, repr(float((values * weights).sum())))\n");
  const auto [code, output] =
      CaptureCommand({python, (folder / "read.py").string(), (folder / "m.pth").string()});
  ASSERT_EQ(code, 0) << output;
  std::istringstream lines(output);
  std::string name;
  double sum = 0;
  auto expected = Tensors(model);
  size_t count = 0;
  while (lines >> name >> sum) {
    const at::Tensor values = expected.at(name).to(at::kDouble).flatten();
    const at::Tensor weights = at::arange(1, values.numel() + 1).to(at::kDouble);
    EXPECT_NEAR(values.dot(weights).item<double>(), sum, 1e-12 * values.abs().dot(weights).item<double>())
        << name;
    ++count;
  }
  EXPECT_EQ(count, expected.size());
}

TEST(Model, IsAHandleOfWhatAFileHolds) {
  const TemporaryFolder folder;
  Model model(SampleModel());
  model.Write(folder / "m.pth");
  Model read = Model::Read(folder / "m.pth");
  EXPECT_EQ(read.file_sha256(), Sha256OfFile(folder / "m.pth"));
  EXPECT_EQ(read.net_options(), model.net_options());
  EXPECT_EQ(read.dimension(), 512);
  const Model copy = read;
  read.SetWhitening("mine", {Whitening{Eigen::VectorXd::Zero(512), Eigen::MatrixXd::Identity(4, 512)}, {}});
  EXPECT_EQ(read.default_whitening(), "mine");
  EXPECT_EQ(read.file_sha256(), "");  // no file holds that
  EXPECT_FALSE(copy.whitenings().contains("mine"));
  read.SetLicence("CC0");
  read.Write(folder / "changed.safetensors");
  const Model changed = Model::Read(folder / "changed.safetensors");
  EXPECT_EQ(changed.licence(), "CC0");
  EXPECT_EQ(changed.default_whitening(), "mine");
  EXPECT_THAT(ErrorOf([&] { read.Write(folder / "x.pth", "onnx"); }), HasSubstr("unknown format 'onnx'"));
}

TEST(Model, ComputesWhatItsNetworkDoes) {
  const Model model(SampleModel());
  const Image image{40, 32, std::vector<uint8_t>(size_t{3} * 40 * 32, 90)};
  const at::Tensor images = vantage::ImagesToTensor(model, {image});
  EXPECT_TRUE(at::equal(vantage::Forward(model, images), model.parts().net.Forward(images)));
  EXPECT_THAT(ErrorOf([&] {
                vantage::ImagesToTensor(model, {{40, 32, std::vector<uint8_t>(7)}});
              }),
              HasSubstr("40 x 32 pixels has 7 bytes"));
}

struct OtherOptions {
  static constexpr const char* kKind = "nothing";
};

struct FirstSumOptions {
  static constexpr const char* kKind = "sum_of_first";
  double scale = 1;
};
void Declare(OptionsDescription& description, FirstSumOptions& options) {
  description.Add("scale", options.scale, "Factor").Above(0);
}

TupleLoss FirstSum(const FirstSumOptions& options) {
  return {.forward = [options](const LossInput& input) {
    return input.descriptors_ND.select(1, 0).sum() * options.scale;
  }};
}

TEST(RegisterLoss, AddsALossByName) {
  RegisterLoss<FirstSumOptions>("Scaled sum of the first column", FirstSum);
  LossOptions options;
  OptionsDescription description;
  Declare(description, options);
  ReadToml(description, "kind = 'sum_of_first'\nsum_of_first.scale = 2", "test");
  const TupleLoss loss = MakeLoss(options);
  EXPECT_EQ(loss(at::ones({3, 4}), {TupleLabel::kQuery, TupleLabel::kPositive, TupleLabel::kNegative})
                .item<double>(),
            6);
  EXPECT_THAT(ErrorOf([] { RegisterLoss<FirstSumOptions>("Again", FirstSum); }),
              HasSubstr("there is a loss 'sum_of_first' already"));
  EXPECT_THROW(RegisterLoss(MakeKind<OtherOptions>("Nothing"), {}), UsageError);
}

struct ScaledMeanOptions {
  static constexpr const char* kKind = "scaled-mean";
  double exponent = 1;
};
void Declare(OptionsDescription& description, ScaledMeanOptions& options) {
  description.Add("exponent", options.exponent, "Exponent of the means").Above(0);
}

MapHead ScaledMean(const ScaledMeanOptions& options, int64_t channels) {
  return {.dimension = channels,
          .parameters = {{"scale", at::ones({channels})}},
          .forward = [options](const at::Tensor& map_BCHW, const std::vector<at::Tensor>& parameters) {
            return L2Normalize(map_BCHW.clamp_min(1e-6).pow(options.exponent).mean({2, 3}) * parameters[0]);
          }};
}

TEST(RegisterHead, AddsAHeadByName) {
  RegisterHead<ScaledMeanOptions>("Means of the channels, scaled", ScaledMean);
  const TemporaryFolder folder;
  WriteModelAs(SampleModel(), "weights", folder / "trunk.pth");
  const ModelParts model = ReadModel(folder / "trunk.pth", {"", "scaled-mean:exponent=2"});
  WriteModel(model, folder / "m.pth");
  const ModelParts read = ReadModel(folder / "m.pth");
  EXPECT_EQ(read.net.options().head.As<ScaledMeanOptions>().exponent, 2);
  const at::Tensor images = at::ones({1, 3, 64, 64});
  const at::Tensor map = read.net.FeaturesOf(images).map_BCHW;
  EXPECT_TRUE(read.net.Forward(images).equal(L2Normalize(map.clamp_min(1e-6).pow(2).mean({2, 3}))));
  size_t scales = 0;
  read.net.Visit([&](const std::string& name, const at::Tensor&, TensorRole role) {
    if (name == "scaled-mean.scale" && role == TensorRole::kParameter) ++scales;
  });
  EXPECT_EQ(scales, 1U);
  EXPECT_THAT(ErrorOf([] { RegisterHead<ScaledMeanOptions>("Again", ScaledMean); }),
              HasSubstr("there is a head 'scaled-mean' already"));
  EXPECT_THROW(RegisterHead(MakeKind<OtherOptions>("Nothing"), {}), UsageError);
}

}  // namespace
}  // namespace vantage::nn
