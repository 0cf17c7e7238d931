// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/nn/model_file.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/ones.h>

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <sstream>

#include "testing/files.h"
#include "testing/tensors.h"
#include "vantage/util/file.h"
#include "vantage/util/hash.h"
#include "vantage/util/random.h"
#include "vantage/util/subprocess.h"

namespace vantage {
namespace {

using ::testing::HasSubstr;
using vantage::testing::ErrorOf;
using vantage::testing::FilesBelow;
using vantage::testing::FillByFormula;
using vantage::testing::RelativeError;
using vantage::testing::SharedFolder;
using vantage::testing::TemporaryFolder;

Model SampleModel() {
  Model model{DescriptorNet({"squeezenet1_1", "gem", false}), {}};
  model.net.Visit(
      [](const std::string& name, at::Tensor& tensor, TensorRole) { FillByFormula(name, tensor); });
  model.image_size = 362;
  model.licence = "BSD-3-Clause";
  model.origin = R"({"made":[1,2.5,"x",null,true]})";
  Whitening whitening{Eigen::VectorXd::LinSpaced(512, 0, 1), Eigen::MatrixXd::Identity(512, 512)};
  whitening.projection(0, 5) = 0.25;
  model.whitenings["own"].single_scale = whitening;
  return model;
}

std::map<std::string, at::Tensor> Tensors(Model& model) {
  std::map<std::string, at::Tensor> tensors;
  model.net.Visit([&](const std::string& name, at::Tensor& tensor, TensorRole) { tensors[name] = tensor; });
  return tensors;
}

TEST(ModelFile, ReadsBackWhatItWrites) {
  const TemporaryFolder folder;
  Model model = SampleModel();
  WriteModel(model, folder / "m.pth");
  Model read = ReadModel(folder / "m.pth");
  EXPECT_EQ(read.net.options().architecture, "squeezenet1_1");
  EXPECT_EQ(read.image_size, 362);
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
  Model model = SampleModel();
  WriteModel(model, folder / "a.pth");
  WriteModel(model, folder / "b.pth");
  EXPECT_EQ(Sha256OfFile(folder / "a.pth"), Sha256OfFile(folder / "b.pth"));
}

TEST(ModelFile, CheckpointsOfCirtorchAreRead) {
  VANTAGE_REQUIRE_SHARED("weights/cirtorch-squeezenet1_1-gem-w.pth.tar");
  Model zip = ReadModel(SharedFolder() / "weights/cirtorch-squeezenet1_1-gem-w.pth.tar");
  Model legacy = ReadModel(SharedFolder() / "weights/cirtorch-squeezenet1_1-gem-w-legacy.pth.tar");
  EXPECT_TRUE(zip.net.options().fc_whitening);
  auto expected = Tensors(zip);
  EXPECT_EQ(expected.count("whiten.weight"), 1U);
  for (auto& [name, tensor] : Tensors(legacy)) EXPECT_TRUE(tensor.equal(expected.at(name))) << name;
}

TEST(ModelFile, SharedAndStridedTensorsAreRead) {
  // A tensor that is a transposed view of a storage that another shares, as torch.save keeps it.
  const TemporaryFolder folder;
  const at::Tensor base = at::arange(12).to(at::kFloat);
  WriteTorchFile({base}, folder / "a.pth");
  const TorchFile file(folder / "a.pth");
  EXPECT_TRUE(ReadTensor(file, file.root(), "base").equal(base));
}

TEST(ModelFile, MissingUnknownAndMisshapenTensorsAreNamed) {
  const TemporaryFolder folder;
  Model model = SampleModel();
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
  EXPECT_THAT(error(), HasSubstr("bare.pth: as a squeezenet1_1-gem it lacks 5 tensors: "));
  EXPECT_THAT(error(), HasSubstr("and 2 more"));
  write([](TorchDict& state) { state.Set("head.weight", {at::ones({3})}); });
  EXPECT_THAT(error(), HasSubstr("1 unknown tensors: 'head.weight'"));
  write([](TorchDict& state) { state.items[0].second = {at::ones({3, 2})}; });
  EXPECT_THAT(error(), HasSubstr("(3 x 2) for"));
  write([](TorchDict& state) { state.items[0].second = {std::string("text")}; });
  EXPECT_THAT(error(), HasSubstr("is a str, not a tensor"));
  // A classifier is left out.
  write([](TorchDict& state) { state.Set("classifier.1.weight", {at::ones({3})}); });
  EXPECT_NO_THROW(ReadModel(folder / "bare.pth", options));
}

TEST(ModelFile, EveryCutIsAnErrorThatNamesTheFile) {
  const TemporaryFolder folder;
  Model model = SampleModel();
  model.whitenings.clear();
  WriteModel(model, folder / "m.pth");
  const std::string good = ReadFile(folder / "m.pth");
  for (const double share : {0.0, 0.0001, 0.01, 0.3, 0.7, 0.99, 0.99999}) {
    WriteFile(folder / "cut.pth",
              good.substr(0, static_cast<size_t>(share * static_cast<double>(good.size()))));
    EXPECT_THAT(ErrorOf([&] { ReadModel(folder / "cut.pth"); }), HasSubstr("cut.pth: ")) << share;
  }
}

TEST(ModelFile, OldFilesCutAnywhereAreErrors) {
  VANTAGE_REQUIRE_SHARED("weights/squeezenet1_1-imagenet-legacy.pth");
  const TemporaryFolder folder;
  const std::string good = ReadFile(SharedFolder() / "weights/squeezenet1_1-imagenet-legacy.pth");
  DescriptorNetOptions options;
  options.architecture = "squeezenet1_1";
  for (const double share : {0.00001, 0.001, 0.003, 0.01, 0.3, 0.7, 0.99999}) {
    WriteFile(folder / "cut.pth",
              good.substr(0, static_cast<size_t>(share * static_cast<double>(good.size()))));
    EXPECT_THAT(ErrorOf([&] { ReadModel(folder / "cut.pth", options); }), HasSubstr("cut.pth: ")) << share;
  }
}

TEST(ModelFile, FlippedBytesInThePickleAreSurvived) {
  const TemporaryFolder folder;
  Model model = SampleModel();
  model.whitenings.clear();
  WriteModel(model, folder / "m.pth");
  std::string pickle;
  {
    const InputFile file(folder / "m.pth");
    pickle = ZipReader(file).Read("archive/data.pkl");
  }
  const auto write = [&](const std::string& bytes) {
    AtomicFile file(folder / "damaged.pth");
    ZipWriter zip(file);
    zip.Add("archive/data.pkl", bytes);
    zip.Add("archive/data/0", std::string(64 * 27 * 4, '\0'));
    zip.Finish();
    file.Commit();
  };
  RandomStream random(1, "flips");
  for (int i = 0; i < 400; ++i) {
    std::string damaged = pickle;
    damaged[random.Below(damaged.size())] = static_cast<char>(random.Below(256));
    write(damaged);
    EXPECT_THROW(ReadModel(folder / "damaged.pth"), Error);
  }
}

TEST(ModelFile, HostilePicklesAreRefused) {
  const TemporaryFolder folder;
  const auto error = [&](const std::string& pickle) {
    AtomicFile file(folder / "evil.pth");
    ZipWriter zip(file);
    zip.Add("archive/data.pkl", pickle);
    zip.Add("archive/data/0", "1234");
    zip.Finish();
    file.Commit();
    return ErrorOf([&] { ReadModel(folder / "evil.pth"); });
  };
  EXPECT_THAT(error("cos\nsystem\n(S'ls'\ntR."), HasSubstr("'os.system'"));
  const auto tensor = [](const std::string& offset_shape_strides) {
    return "(S'w'\nctorch._utils\n_rebuild_tensor_v2\n((S'storage'\nctorch\nFloatStorage\nS'0'\nS'cpu'"
           "\nI1\ntQ" +
           offset_shape_strides +
           "\x89"
           "ccollections\nOrderedDict\n)RtRd.";
  };
  EXPECT_THAT(error(tensor("I0\n(I1152921504606846976\nt(I0\nt")), HasSubstr("outside its storage"));
  EXPECT_THAT(error(tensor("I0\n(I2\nt(I1\nt")), HasSubstr("outside its storage"));
  EXPECT_THAT(error(tensor("I-1\n(I1\nt(I1\nt")), HasSubstr("outside its storage"));
  EXPECT_THAT(error(tensor("I0\n(I4294967296\nI4294967296\nt(I4294967296\nI1\nt")),
              HasSubstr("outside its storage"));
}

TEST(ModelFile, PythonReadsIt) {
  const char* python = std::getenv("VANTAGE_PYTHON");  // NOLINT(concurrency-mt-unsafe)
  if (python == nullptr) GTEST_SKIP() << "needs VANTAGE_PYTHON naming a Python with torch";
  const TemporaryFolder folder;
  Model model = SampleModel();
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
    EXPECT_NEAR(values.dot(weights).item<double>(), sum, 1e-9 * std::abs(sum)) << name;
    ++count;
  }
  EXPECT_EQ(count, expected.size());
}

}  // namespace
}  // namespace vantage
