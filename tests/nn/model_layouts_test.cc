// SPDX-License-Identifier: BSD-3-Clause
// Models in the formats of other programs, read and written.
#include <ATen/core/grad_mode.h>
#include <ATen/ops/full.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/zeros.h>

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <sstream>

#include "nn/model_file.h"
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
using vantage::testing::SharedFolder;
using vantage::testing::TemporaryFolder;

using Tensors = std::map<std::string, at::Tensor>;

Tensors TensorsOf(DescriptorNet& net) {
  Tensors tensors;
  net.Visit([&](const std::string& name, const at::Tensor& tensor, TensorRole) { tensors[name] = tensor; });
  return tensors;
}

void ExpectSame(const Tensors& actual, const Tensors& expected) {
  ASSERT_EQ(actual.size(), expected.size());
  for (const auto& [name, tensor] : expected) EXPECT_TRUE(actual.at(name).equal(tensor)) << name;
}

// A file of a bare state dictionary.
void WriteState(const Tensors& tensors, const std::filesystem::path& path) {
  TorchDict state;
  for (const auto& [name, tensor] : tensors) state.Set(name, {tensor});
  WriteTorchFile({state}, path);
}

// A trunk's tensors under its own names, filled by formula.
Tensors TrunkTensors(const std::string& architecture) {
  Tensors tensors;
  MakeTrunk(architecture)->Visit([&](const std::string& name, const at::Tensor& tensor, TensorRole) {
    FillByFormula(name, tensor);
    tensors[name] = tensor;
  });
  return tensors;
}

class CosPlace : public ::testing::TestWithParam<std::string> {
 protected:
  // The tensors of the reference network, filled by formula.
  Tensors Published() const {
    const std::string path = "reference/trunks/cosplace_" + GetParam() + "_64.json";
    Tensors tensors;
    const json shapes = json::parse(ReadFile(SharedFolder() / path));
    for (const auto& [name, shape] : shapes.items()) {
      const bool is_count = name.ends_with("num_batches_tracked");
      at::Tensor tensor = at::zeros(shape.get<std::vector<int64_t>>(), is_count ? at::kLong : at::kFloat);
      FillByFormula(name, tensor);
      tensors[name] = name == "aggregation.1.p" ? at::full({1}, 3.0F) : tensor;
    }
    return tensors;
  }
  std::filesystem::path Reference(const std::string& extension) const {
    return SharedFolder() / ("reference/trunks/cosplace_" + GetParam() + "_64" + extension);
  }

  TemporaryFolder folder_;
};

TEST_P(CosPlace, WeightsGiveTheReferencesDescriptor) {
  VANTAGE_REQUIRE_SHARED("reference/trunks/cosplace_" + GetParam() + "_64.npy");
  const at::NoGradGuard no_grad;
  WriteState(Published(), folder_ / "m.pth");
  const ModelParts model = ReadModel(folder_ / "m.pth");
  EXPECT_EQ(model.net.options().architecture, GetParam());
  EXPECT_EQ(model.net.options().head.kind(), "cosplace");
  EXPECT_EQ(model.net.dimension(), 64);
  EXPECT_EQ(model.net.MultiScaleExponent(), 1);
  const at::Tensor input = ReadNpyTensor(SharedFolder() / "reference/trunks/input.npy");
  EXPECT_LT(RelativeError(model.net.Forward(input).flatten(), ReadNpyTensor(Reference(".npy")).flatten()),
            1e-4);
}

TEST_P(CosPlace, WeightsAreWrittenBackInEveryFormat) {
  VANTAGE_REQUIRE_SHARED("reference/trunks/cosplace_" + GetParam() + "_64.json");
  const Tensors published = Published();
  WriteState(published, folder_ / "m.pth");
  ModelParts model = ReadModel(folder_ / "m.pth");
  ExpectSame(TensorsOf(model.net), published);
  const std::pair<const char*, const char*> kinds[] = {{"cosplace", "a.pth"},
                                                       {"cosplace", "b.safetensors"},
                                                       {"checkpoint", "c.pth"},
                                                       {"safetensors", "d.safetensors"}};
  for (const auto& [format, name] : kinds) {
    WriteModelAs(model, format, folder_ / name);
    ModelParts read = ReadModel(folder_ / name);
    EXPECT_EQ(read.net.options(), model.net.options()) << name;
    ExpectSame(TensorsOf(read.net), published);
  }
  const serialize::TorchFile bare(folder_ / "a.pth");
  EXPECT_EQ(bare.root().items.size(), 2 * published.size());
  EXPECT_NE(bare.root().Find("aggregation.3.bias"), nullptr);
}

INSTANTIATE_TEST_SUITE_P(All, CosPlace, ::testing::Values("resnet18", "vgg16"),
                         [](const auto& param_info) { return param_info.param; });

TEST(ModelLayouts, CosPlacesFormIsForItsNetworksOnly) {
  const TemporaryFolder folder;
  ModelParts model{DescriptorNet({"squeezenet1_1"}), {}};
  EXPECT_THROW(WriteModelAs(model, "cosplace", folder / "m.pth"), UsageError);
  EXPECT_THROW(WriteModelAs(model, "onnx", folder / "m.pth"), UsageError);
  EXPECT_THROW(WriteModelAs(model, "safetensors", folder / "m.pth"), UsageError);
  EXPECT_THAT(ErrorOf([] {
                const DescriptorNet net({"squeezenet1_1", CosPlaceHeadOptions{}});
              }),
              HasSubstr("CosPlace has no trunk 'squeezenet1_1'"));
  EXPECT_THAT(ErrorOf([] {
                const DescriptorNet net({"resnet18", CirtorchHeadOptions{.output_dimension = 64}});
              }),
              HasSubstr("fc_whitening, which is not chosen"));
}

TEST(ModelLayouts, OldDenseNetNamesAreRead) {
  const TemporaryFolder folder;
  const Tensors tensors = TrunkTensors("densenet121");
  Tensors old;
  int renamed = 0;
  for (const auto& [name, tensor] : tensors) {
    std::string old_name = name;
    const size_t layer = name.find(".denselayer");
    for (const char* part : {"norm1", "norm2", "conv1", "conv2"}) {
      const size_t at = layer == name.npos ? name.npos : name.find(part, layer);
      if (at != name.npos) old_name.insert(at + 4, "."), ++renamed;
    }
    old[old_name] = tensor;
  }
  EXPECT_EQ(old.count("features.denseblock1.denselayer1.norm.1.weight"), 1U);
  EXPECT_EQ(renamed, 58 * 12);
  old["classifier.weight"] = at::ones({10, 1024});
  WriteState(old, folder / "m.pth");
  const ModelParts model = ReadModel(folder / "m.pth");
  EXPECT_EQ(model.net.options().architecture, "densenet121");
  model.net.trunk().Visit([&](const std::string& name, const at::Tensor& tensor, TensorRole) {
    EXPECT_TRUE(tensor.equal(tensors.at(name))) << name;
  });
}

TEST(ModelLayouts, TrunksOfCirtorchAloneAreRead) {
  const TemporaryFolder folder;
  const Tensors tensors = TrunkTensors("resnet18");
  const TrunkRow& trunk = TrunkNamed("resnet18");
  Tensors bare;
  for (const auto& [name, tensor] : tensors) {
    bare[CirtorchName(trunk, name).substr(std::string("features.").size())] = tensor;
  }
  EXPECT_EQ(bare.count("4.0.conv1.weight"), 1U);
  WriteState(bare, folder / "m.pth");
  const ModelParts model = ReadModel(folder / "m.pth");
  EXPECT_EQ(NameOf(model.net.options()), "resnet18 with the head cirtorch");
  EXPECT_EQ(model.applies_exif_orientation, std::nullopt);
  model.net.trunk().Visit([&](const std::string& name, const at::Tensor& tensor, TensorRole) {
    EXPECT_TRUE(tensor.equal(tensors.at(name))) << name;
  });
}

TEST(ModelLayouts, ArchitectureIsFoundAndContradictionRefused) {
  const TemporaryFolder folder;
  Tensors tensors = TrunkTensors("resnet18");
  WriteState(tensors, folder / "m.pth");
  EXPECT_EQ(NameOf(ReadModel(folder / "m.pth").net.options()), "resnet18 with the head cirtorch");
  EXPECT_EQ(NameOf(ReadModel(folder / "m.pth", {"resnet18", "cirtorch:pooling=mac"}).net.options()),
            "resnet18 with the head cirtorch:pooling=mac");
  EXPECT_THAT(ErrorOf([&] { ReadModel(folder / "m.pth", DescriptorNetOptions{"resnet50"}); }),
              HasSubstr("m.pth: holds a resnet18; asked for is a resnet50"));
  ModelParts model = ReadModel(folder / "m.pth");
  WriteModel(model, folder / "checkpoint.pth");
  EXPECT_THAT(ErrorOf([&] { ReadModel(folder / "checkpoint.pth", DescriptorNetOptions{"resnet50"}); }),
              HasSubstr("checkpoint.pth: holds a resnet18 with the head cirtorch; asked for is a resnet50"));
  EXPECT_THAT(ErrorOf([&] {
                ReadModel(folder / "checkpoint.pth", {"resnet18", "cirtorch:pooling=mac"});
              }),
              HasSubstr("asked for is cirtorch:pooling=mac"));
  WriteState({{"w", at::ones({3})}}, folder / "other.pth");
  EXPECT_THAT(ErrorOf([&] { ReadModel(folder / "other.pth"); }), HasSubstr("'w' (3), ...); --architecture"));
  EXPECT_THAT(ErrorOf([&] { ReadModel(folder / "other.pth", DescriptorNetOptions{"alexnet"}); }),
              HasSubstr("as a alexnet with the head cirtorch it lacks 10 tensors: 'features.0.weight' (64 x "
                        "3 x 11 x 11), "));
}

TEST(ModelLayouts, OptionsThatAFileDoesNotRevealAreThoseThatAreStated) {
  const TemporaryFolder folder;
  const auto bare = [&](const HeadChoice& head) {
    DescriptorNet net({"resnet18", head});
    WriteState(TensorsOf(net), folder / "m.pth");
  };
  const auto read = [&](const std::string& head) {
    return ReadModel(folder / "m.pth", {"", head}).net.options().head.Text();
  };
  const auto refusal = [&](const std::string& head) { return ErrorOf([&] { read(head); }); };

  bare(CirtorchHeadOptions{.fc_whitening = true});
  EXPECT_EQ(read(""), "cirtorch:fc_whitening=true");
  EXPECT_EQ(read("cirtorch:power=0.5"), "cirtorch:fc_whitening=true,power=0.5");
  EXPECT_EQ(read("cirtorch:output_dimension=512"), "cirtorch:fc_whitening=true");  // the trunk's channels
  EXPECT_THAT(refusal("cirtorch:output_dimension=64"),
              HasSubstr("m.pth: holds a resnet18 with the head cirtorch:fc_whitening=true; asked for is "
                        "cirtorch:output_dimension=64"));
  EXPECT_THAT(refusal("cirtorch:pooling=gemmp"), HasSubstr("asked for is cirtorch:pooling=gemmp"));
  EXPECT_THAT(refusal("netvlad"), HasSubstr("asked for is the head netvlad"));

  bare(NetVladHeadOptions{.clusters = 4});
  EXPECT_EQ(read("netvlad:windows=2,3,order=kd"),
            "netvlad:windows=2,3,local_dimension=512,clusters=4,order=kd");
  EXPECT_THAT(refusal("netvlad:clusters=5"), HasSubstr("asked for is netvlad:clusters=5"));
  const ModelParts model = ReadModel(folder / "m.pth", {"", "netvlad:windows=2,3"});
  WriteModel(model, folder / "m.pth");  // now its meta says all options
  EXPECT_THAT(refusal("netvlad:windows="), HasSubstr("asked for is netvlad:windows="));
}

// cirtorch's Python code reads these keys of meta.
TEST(ModelLayouts, MetaHasCirtorchsOwnKeys) {
  const TemporaryFolder folder;
  const auto meta = [&](const HeadChoice& head) {
    WriteModel({DescriptorNet({"resnet18", head}), {}}, folder / "m.pth");
    return json::parse(ReadModelInfo(folder / "m.pth").meta);
  };
  const json layers = meta(CirtorchHeadOptions{.pooling = "mac", .fc_whitening = true, .regional = true});
  EXPECT_EQ(layers["architecture"], "resnet18");
  EXPECT_EQ(layers["pooling"], "mac");
  EXPECT_EQ(layers["whitening"], true);
  EXPECT_EQ(layers["local_whitening"], false);
  EXPECT_EQ(layers["regional"], true);
  EXPECT_EQ(layers["outputdim"], 512);
  EXPECT_EQ(layers["vantage"]["head"]["cirtorch"]["pooling"], "mac");
  EXPECT_FALSE(meta(CosPlaceHeadOptions{}).contains("pooling"));
}

TEST(ModelLayouts, AllowedTensorsMayBeMissingOrUnknown) {
  const TemporaryFolder folder;
  Tensors tensors = TrunkTensors("resnet18");
  tensors["head.weight"] = at::ones({3});
  WriteState(tensors, folder / "m.pth");
  EXPECT_THAT(ErrorOf([&] { ReadModel(folder / "m.pth"); }),
              HasSubstr("1 unknown tensor: 'head.weight' (3)"));
  EXPECT_NO_THROW(ReadModel(folder / "m.pth", {}, {"head."}));

  // A linear layer that is not in the file begins as the identity.
  const DescriptorNetOptions options{"resnet18", CosPlaceHeadOptions{.output_dimension = 32}};
  EXPECT_THAT(ErrorOf([&] { ReadModel(folder / "m.pth", options, {"head."}); }),
              HasSubstr("it lacks 2 tensors: 'aggregation.3.weight' (32 x 512), 'aggregation.3.bias' (32)"));
  ModelParts model = ReadModel(folder / "m.pth", options, {"head.", "aggregation."});
  Tensors read = TensorsOf(model.net);
  EXPECT_EQ(read.at("aggregation.3.weight").trace().item<float>(), 32);
  EXPECT_TRUE(read.at("backbone.0.weight").equal(tensors.at("conv1.weight")));

  // A ResNet-18 without its last stage is the trunk resnet18_conv4.
  EXPECT_EQ(ReadModel(folder / "m.pth", DescriptorNetOptions{"resnet18_conv4"}, {"head.", "layer4."})
                .net.dimension(),
            256);
  // Another shape is never allowed.
  tensors["conv1.weight"] = at::ones({3});
  WriteState(tensors, folder / "m.pth");
  EXPECT_THAT(ErrorOf([&] {
                ReadModel(folder / "m.pth", DescriptorNetOptions{"resnet18"}, {"head.", "conv1."});
              }),
              HasSubstr("1 misshapen tensor: 'conv1.weight' (3) for (64 x 3 x 7 x 7)"));
}

TEST(ModelLayouts, TwoNamesOfOneTensorAreAnError) {
  const TemporaryFolder folder;
  Tensors tensors = TrunkTensors("resnet18");
  tensors["features.0.weight"] = tensors.at("conv1.weight");  // cirtorch's name
  WriteState(tensors, folder / "m.pth");
  EXPECT_THAT(ErrorOf([&] { ReadModel(folder / "m.pth"); }), HasSubstr("are names of one tensor"));
}

ModelParts SampleModel() {
  const DescriptorNetOptions options{"squeezenet1_1",
                                     CirtorchHeadOptions{.fc_whitening = true, .output_dimension = 48}};
  ModelParts model{DescriptorNet(options), {}};
  model.net.Visit(
      [](const std::string& name, const at::Tensor& tensor, TensorRole) { FillByFormula(name, tensor); });
  model.preprocessing = LongestSide(362);
  model.scales = {1, 0.7071, 0.5};
  model.licence = "BSD-3-Clause";
  model.origin = R"({"made":[1,2.5,"ä",null,true]})";
  model.default_whitening = "a.b";
  Whitening whitening{Eigen::VectorXd::LinSpaced(48, 0, 1), Eigen::MatrixXd::Identity(48, 48)};
  whitening.projection(0, 5) = 0.25;
  model.whitenings["a.b"] = {whitening, whitening};
  model.whitenings["a.b"].multi_scale->projection(1, 2) = -1;
  return model;
}

class Containers : public ::testing::TestWithParam<const char*> {};

TEST_P(Containers, KeepEverythingThatASecondUserNeeds) {
  const TemporaryFolder folder;
  ModelParts model = SampleModel();
  WriteModel(model, folder / GetParam());
  ModelParts read = ReadModel(folder / GetParam());
  EXPECT_EQ(read.net.options(), model.net.options());
  ExpectSame(TensorsOf(read.net), TensorsOf(model.net));
  EXPECT_EQ(read.net.normalization.mean, model.net.normalization.mean);
  EXPECT_EQ(read.preprocessing, LongestSide(362));
  EXPECT_EQ(read.scales, model.scales);
  EXPECT_EQ(read.licence, model.licence);
  EXPECT_EQ(read.default_whitening, "a.b");
  EXPECT_EQ(json::parse(read.origin), json::parse(model.origin));
  const ModelWhitening& whitening = read.whitenings.at("a.b");
  EXPECT_EQ(whitening.single_scale->projection, model.whitenings["a.b"].single_scale->projection);
  EXPECT_EQ(whitening.multi_scale->projection, model.whitenings["a.b"].multi_scale->projection);
  EXPECT_EQ(whitening.multi_scale->mean, model.whitenings["a.b"].multi_scale->mean);
}

INSTANTIATE_TEST_SUITE_P(All, Containers, ::testing::Values("m.pth", "m.safetensors"),
                         [](const auto& param_info) { return std::string(param_info.param).substr(2); });

// The sample model's safetensors file with a text of its header replaced by one of the same length.
std::string ErrorAfterReplacing(const std::string& old_text, const std::string& new_text) {
  const TemporaryFolder folder;
  ModelParts model = SampleModel();
  WriteModel(model, folder / "m.safetensors");
  std::string bytes = ReadFile(folder / "m.safetensors");
  const size_t at = bytes.find(old_text);
  EXPECT_NE(at, bytes.npos);
  EXPECT_EQ(old_text.size(), new_text.size());
  WriteFile(folder / "m.safetensors", bytes.replace(at, new_text.size(), new_text));
  return ErrorOf([&] { ReadModel(folder / "m.safetensors"); });
}

TEST(ModelLayouts, WrongFactsAreErrorsThatNameTheKey) {
  EXPECT_THAT(ErrorAfterReplacing(R"(\"version\":1)", R"(\"version\":9)"),
              HasSubstr("m.safetensors: meta: written by a later vantage (version 9"));
  EXPECT_THAT(ErrorAfterReplacing("longest=362", "longest=-62"), HasSubstr("meta: preprocessing: "));
  EXPECT_THAT(ErrorAfterReplacing("longest=362", "greatest=36"), HasSubstr("meta: preprocessing: "));
  EXPECT_THAT(ErrorAfterReplacing(R"(\"longest=362\")", R"([\"longest=3\"])"),
              HasSubstr("meta: preprocessing is a array"));
  EXPECT_THAT(ErrorAfterReplacing(R"(\"scales\":[1.0,)", R"(\"scales\":[0.0,)"), HasSubstr("a scale of 0"));
  EXPECT_THAT(ErrorAfterReplacing("squeezenet1_1\\\"", "squeezenet9_9\\\""),
              HasSubstr("unknown architecture 'squeezenet9_9'"));
  EXPECT_THAT(ErrorAfterReplacing("Lw.a.b.ms.P", "Lw.a.b.ms.Q"),
              HasSubstr("neither mean (m) nor projection"));
  EXPECT_THAT(ErrorAfterReplacing("Lw.a.b.ms.P", "Lw.a.c.ms.P"), HasSubstr("a mean without its projection"));
}

TEST(ModelLayouts, OtherWeightsThanWrittenAreAnError) {
  const TemporaryFolder folder;
  ModelParts model = SampleModel();
  WriteModel(model, folder / "m.safetensors");
  std::string bytes = ReadFile(folder / "m.safetensors");
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  WriteFile(folder / "m.safetensors", bytes);
  EXPECT_THAT(
      ErrorOf([&] { ReadModel(folder / "m.safetensors"); }),
      HasSubstr("m.safetensors: its weights are not those that it was written with: their SHA-256 is"));
}

TEST(ModelLayouts, WeightsHashTellsNamesShapesAndElements) {
  ModelParts model = SampleModel();
  const std::string hash = WeightsSha256(model.net);
  EXPECT_EQ(hash.size(), 64U);
  DescriptorNet clone = model.net.Clone();
  EXPECT_EQ(WeightsSha256(clone), hash);
  clone.Replace([](const std::string& name, at::Tensor& tensor, TensorRole) {
    if (name == "whiten.bias") tensor = tensor.add(1e-3);
  });
  EXPECT_NE(WeightsSha256(clone), hash);
  EXPECT_NE(WeightsSha256(*std::make_unique<DescriptorNet>(DescriptorNetOptions{"alexnet"})), hash);
}

TEST(ModelLayouts, PythonReadsSafetensors) {
  const char* python = std::getenv("VANTAGE_PYTHON");  // NOLINT(concurrency-mt-unsafe)
  if (python == nullptr) GTEST_SKIP() << "needs VANTAGE_PYTHON naming a Python with torch";
  const TemporaryFolder folder;
  ModelParts model = SampleModel();
  WriteModel(model, folder / "m.safetensors");
  WriteFile(folder / "read.py",
            "import json, struct, sys\n"
            "data = open(sys.argv[1], 'rb').read()\n"
            "length, = struct.unpack('<Q', data[:8])\n"
            "header = json.loads(data[8:8 + length])\n"
            "meta = json.loads(header.pop('__metadata__')['meta'])\n"
            "assert meta['outputdim'] == 48 and meta['vantage']['scales'] == [1.0, 0.7071, 0.5]\n"
            "def read(name):\n"
            "    begin, end = header[name]['data_offsets']\n"
            "    code = {'F32': 'f', 'F64': 'd', 'I64': 'q'}[header[name]['dtype']]\n"
            "    size = struct.calcsize('<' + code)\n"
            "    return struct.unpack('<%d%s' % ((end - begin) // size, code), "
            "data[8 + length + begin:8 + length + end])\n"
            "assert header['Lw.a.b.ss.P']['shape'] == [48, 48] and read('Lw.a.b.ss.P')[5] == 0.25\n"
            "try:\n"
            "    from safetensors.torch import load_file\n"
            "    assert load_file(sys.argv[1]).keys() == header.keys()\n"
            "except ImportError:\n"
            "    pass\n"
            "for name in header:\n"
            "    if not name.startswith('Lw.'):\n"
            "        print(name, repr(sum((i + 1) * x for i, x in enumerate(read(name)))))\n");
  const auto [code, output] =
      CaptureCommand({python, (folder / "read.py").string(), (folder / "m.safetensors").string()});
  ASSERT_EQ(code, 0) << output;
  std::istringstream lines(output);
  std::string name;
  double sum = 0;
  const Tensors expected = TensorsOf(model.net);
  size_t count = 0;
  for (; lines >> name >> sum; ++count) {
    const at::Tensor values = expected.at(name).to(at::kDouble).flatten();
    const at::Tensor weights = at::ones_like(values).cumsum(0);
    EXPECT_NEAR(values.dot(weights).item<double>(), sum, 1e-12 * values.abs().dot(weights).item<double>())
        << name;
  }
  EXPECT_EQ(count, expected.size());
}

TEST(ModelLayouts, WhiteningsThatPythonWroteAreRead) {
  const char* python = std::getenv("VANTAGE_PYTHON");  // NOLINT(concurrency-mt-unsafe)
  if (python == nullptr) GTEST_SKIP() << "needs VANTAGE_PYTHON naming a Python with torch";
  const TemporaryFolder folder;
  ModelParts model = SampleModel();
  WriteModel(model, folder / "m.pth");
  // NumPy arrays, as in cirtorch's files, in both file formats.
  const auto [code, output] =
      CaptureCommand({python, "-c",
                      "import sys, torch\n"
                      "file = torch.load(sys.argv[1], weights_only=True)\n"
                      "try:\n"
                      "    import numpy\n"
                      "except ImportError:\n"
                      "    sys.exit(77)\n"
                      "both = file['meta']['Lw']['a.b']\n"
                      "for whitening in both.values():\n"
                      "    for key in whitening:\n"
                      "        whitening[key] = whitening[key].numpy()\n"
                      "del file['meta']['vantage']\n"
                      "torch.save(file, sys.argv[1] + '.zip')\n"
                      "torch.save(file, sys.argv[1] + '.old', _use_new_zipfile_serialization=False)\n",
                      (folder / "m.pth").string()});
  if (code == 77) GTEST_SKIP() << "needs a Python with NumPy";
  ASSERT_EQ(code, 0) << output;
  for (const char* name : {"m.pth.zip", "m.pth.old"}) {
    ModelParts read = ReadModel(folder / name);
    ExpectSame(TensorsOf(read.net), TensorsOf(model.net));
    const ModelWhitening& whitening = read.whitenings.at("a.b");
    EXPECT_EQ(whitening.single_scale->mean, model.whitenings["a.b"].single_scale->mean) << name;
    EXPECT_EQ(whitening.multi_scale->projection, model.whitenings["a.b"].multi_scale->projection) << name;
  }
}

TEST(ModelLayouts, PythonReadsCosPlacesForm) {
  const char* python = std::getenv("VANTAGE_PYTHON");  // NOLINT(concurrency-mt-unsafe)
  if (python == nullptr) GTEST_SKIP() << "needs VANTAGE_PYTHON naming a Python with torch";
  const TemporaryFolder folder;
  const DescriptorNetOptions options{"resnet18", CosPlaceHeadOptions{.output_dimension = 64}};
  ModelParts model{DescriptorNet(options), {}};
  WriteModelAs(model, "cosplace", folder / "m.pth");
  const auto [code, output] = CaptureCommand(
      {python, "-c",
       "import sys, torch\n"
       "state = torch.load(sys.argv[1], weights_only=True)\n"
       "assert state['aggregation.3.weight'].shape == (64, 512) and state['aggregation.1.p'] == 3\n"
       "assert state['backbone.7.1.conv2.weight'].shape == (512, 512, 3, 3)\n"
       "print(len(state))\n",
       (folder / "m.pth").string()});
  EXPECT_EQ(code, 0);
  EXPECT_THAT(output, HasSubstr("123"));
}

}  // namespace
}  // namespace vantage::nn
