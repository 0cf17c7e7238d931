// SPDX-License-Identifier: BSD-3-Clause
#include "nn/find_network.h"

#include <ATen/ops/full.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include "nn/model_file.h"
#include "nn/model_info_json.h"
#include "testing/files.h"
#include "testing/tensors.h"
#include "testing/torch_files.h"

namespace vantage::nn {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using vantage::testing::ErrorOf;
using vantage::testing::FillByFormula;
using vantage::testing::TemporaryFolder;

// SqueezeNet's tensors under names with a prefix, filled from these names.
TorchDict Squeezenet(const std::string& prefix) {
  TorchDict tensors;
  MakeTrunk("squeezenet1_1")->Visit([&](const std::string& name, const at::Tensor& tensor, TensorRole) {
    FillByFormula(prefix + name, tensor);
    tensors.Set(prefix + name, {tensor});
  });
  return tensors;
}

at::Tensor FirstWeight(const ModelParts& model) {
  at::Tensor first;
  model.net.Visit([&](const std::string& name, const at::Tensor& tensor, TensorRole) {
    if (name == "features.0.weight") first = tensor;
  });
  return first;
}

at::Tensor FilledWeight(const std::string& name) {
  at::Tensor tensor = at::zeros({64, 3, 3, 3});
  FillByFormula(name, tensor);
  return tensor;
}

class FoundNetworks : public ::testing::Test {
 protected:
  std::filesystem::path Path() const { return folder_ / "m.pth"; }
  // Puts a dictionary into others, by their keys from the inside.
  void Write(TorchDict dictionary, const std::vector<std::string>& keys = {}) const {
    for (const std::string& key : keys) {
      TorchDict outer;
      outer.Set(key, {std::move(dictionary)});
      outer.Set("epoch", {int64_t{7}});
      dictionary = std::move(outer);
    }
    WriteTorchFile({dictionary}, Path());
  }
  json Info(const NetWish& wish = {}) const { return ToJson(ReadModelInfo(Path(), wish), false); }
  static NetWish State(const std::string& state) {
    NetWish wish;
    wish.state = state;
    return wish;
  }
  static NetWish Rename(const std::vector<std::string>& renames) {
    NetWish wish;
    wish.rename = renames;
    return wish;
  }

  TemporaryFolder folder_;
};

struct Wrapped {
  const char* name;
  std::vector<std::string> keys;  // of dictionaries, from the inside
  std::string prefix;
  json recognised;
};

std::ostream& operator<<(std::ostream& out, const Wrapped& wrapped) { return out << wrapped.name; }

class WrappedNetworks : public FoundNetworks, public ::testing::WithParamInterface<Wrapped> {};

TEST_P(WrappedNetworks, AreReadAndTold) {
  const Wrapped& wrapped = GetParam();
  Write(Squeezenet(wrapped.prefix), wrapped.keys);
  const json info = Info();
  EXPECT_EQ(info["architecture"], "squeezenet1_1");
  EXPECT_EQ(info["first_tensors"][0]["name"], "features.0.weight");
  EXPECT_EQ(info.value("recognised", json()), wrapped.recognised);
  EXPECT_FALSE(info.contains("ignored")) << info;
  EXPECT_TRUE(FirstWeight(ReadModel(Path())).equal(FilledWeight(wrapped.prefix + "features.0.weight")));
}

INSTANTIATE_TEST_SUITE_P(
    All, WrappedNetworks,
    ::testing::Values(Wrapped{"Bare", {}, "", {}},
                      Wrapped{"DataParallel",
                              {"state_dict"},
                              "module.",
                              {{"dictionary", "state_dict"}, {"wrappers", {"module"}}}},
                      Wrapped{"Compiled", {}, "_orig_mod.module.", {{"wrappers", {"_orig_mod", "module"}}}},
                      Wrapped{"Lightning",
                              {"state_dict"},
                              "model.net.",
                              {{"dictionary", "state_dict"}, {"prefix", "model.net."}}},
                      Wrapped{"CompiledInside",
                              {},
                              "model._orig_mod.",
                              {{"prefix", "model."}, {"wrappers", {"_orig_mod"}}}},
                      Wrapped{"DeepSpeed", {"module"}, "", {{"dictionary", "module"}}},
                      Wrapped{"AnyKey", {"weights", "ours"}, "", {{"dictionary", "ours.weights"}}},
                      Wrapped{"BackboneAlone", {}, "backbone.", {{"prefix", "backbone."}}}),
    [](const auto& param_info) { return param_info.param.name; });

TEST_F(FoundNetworks, OneOfSeveralIsNamed) {
  TorchDict file;
  for (const char* which : {"student", "teacher"}) {
    TorchDict network = Squeezenet("module.backbone.");
    network.items[0].second = {at::full({64, 3, 3, 3}, which[0] == 's' ? 1.0 : 2.0)};
    network.Set("module.head.mlp.0.weight", {at::ones({3, 3})});
    file.Set(which, {std::move(network)});
  }
  WriteTorchFile({file}, Path());
  EXPECT_THAT(ErrorOf([&] { ReadModel(Path()); }),
              HasSubstr("m.pth: holds several networks: 'student.backbone' (squeezenet1_1, 50 tensors), "
                        "'teacher.backbone' (squeezenet1_1, 50 tensors); --state names the one to read"));
  EXPECT_EQ(Info()["kind"], "several networks");
  EXPECT_EQ(Info()["networks"]["teacher.backbone"], "squeezenet1_1, 50 tensors");
  for (const char* state : {"teacher", "teacher.backbone", "teacher."}) {
    EXPECT_EQ(FirstWeight(ReadModel(Path(), State(state))).mean().item<double>(), 2) << state;
    const json info = Info(State(state));
    EXPECT_EQ(info["ignored"]["student"], "51 tensors") << state;
    EXPECT_EQ(info["ignored"]["teacher.head"], "1 tensor") << state;
  }
  EXPECT_EQ(Info(State("teacher"))["recognised"]["prefix"], "backbone.");
  EXPECT_THAT(ErrorOf([&] { ReadModel(Path(), State("ema")); }),
              HasSubstr("no tensor's name begins with 'ema.' (--state); they begin with student, teacher"));
}

TEST_F(FoundNetworks, OfAveragedModelsAreReadWithoutTheirCounter) {
  TorchDict averaged = Squeezenet("module.");
  averaged.Set("n_averaged", {at::tensor(5)});
  Write(averaged, {"swa"});
  EXPECT_NO_THROW(ReadModel(Path()));
  EXPECT_EQ(Info()["ignored"]["swa.n_averaged"], "1 tensor");
}

// A whole trunk would hide that the file's own head is not known.
TEST_F(FoundNetworks, TensorsBesideThemAreNotIgnoredSilently) {
  TorchDict state = Squeezenet("net.");
  state.Set("mixer.0.weight", {at::ones({3, 3})});
  state.Set("mixer.0.bias", {at::ones({3})});
  Write(state, {"state_dict"});
  EXPECT_EQ(Info()["unknown"]["mixer"], "2 tensors");
  EXPECT_EQ(Info()["recognised"]["prefix"], "net.");
  EXPECT_THAT(ErrorOf([&] { ReadModel(Path()); }), HasSubstr("it has 2 unknown tensors: 'mixer.0.bias' (3)"));
  EXPECT_NO_THROW(ReadModel(Path(), {}, {"mixer."}));
  EXPECT_NO_THROW(ReadModel(Path(), State("state_dict.net")));
}

TEST_F(FoundNetworks, NamesAreReplaced) {
  TorchDict state = Squeezenet("body.");
  for (auto& [name, tensor] : state.items) {
    auto& text = std::get<std::string>(name.data);
    text = "body.layer_" + text.substr(std::string("body.features.").size());
  }
  state.Set("gem_exponent", {at::full({1}, 2.5)});
  Write(state, {"state_dict"});
  EXPECT_THAT(ErrorOf([&] { ReadModel(Path()); }), HasSubstr("no trunk that is known"));
  EXPECT_EQ(Info()["first_tensors"][0]["name"], "body.layer_0.weight");
  const NetWish wish = Rename({"body.=x.", "x.layer_=features.", "gem_exponent=pool.p"});
  const ModelParts model = ReadModel(Path(), wish);
  EXPECT_EQ(model.net.MultiScaleExponent(), 2.5);
  EXPECT_TRUE(FirstWeight(model).equal(FilledWeight("body.features.0.weight")));
  EXPECT_EQ(Info(wish)["architecture"], "squeezenet1_1");
  EXPECT_THAT(ErrorOf([&] { ReadModel(Path(), Rename({"layer_=features."})); }),
              HasSubstr("no tensor's name begins with 'layer_'; the first is 'body.layer_0.weight'"));
  EXPECT_THAT(ErrorOf([&] { ReadModel(Path(), Rename({"body"})); }), HasSubstr("'body' is not FROM=TO"));
}

// A pickle around tensors that all view one storage.
class TrainersPickle {
 public:
  TrainersPickle() {
    writer_.EmptyDict();
    writer_.Mark();
  }
  void Tensor(const std::string& name, const std::vector<int64_t>& shape) {
    writer_.String(name);
    writer_.Global("torch._utils", "_rebuild_tensor_v2");
    writer_.Mark();
    writer_.Mark();
    writer_.String("storage");
    writer_.Global("torch", "FloatStorage");
    writer_.String("0");
    writer_.String("cpu");
    writer_.Int(kElements);
    writer_.Tuple();
    writer_.PersistentId();
    writer_.Int(0);
    Tuple(shape);
    std::vector<int64_t> strides(shape.size(), 1);
    for (size_t d = shape.size(); d-- > 1;) strides[d - 1] = strides[d] * shape[d];
    Tuple(strides);
    writer_.Tuple();
    writer_.Reduce();
  }
  void Object(const std::string& key, const std::string& module, const std::string& name) {
    writer_.String(key);
    writer_.Global(module, name);
    writer_.EmptyTuple();
    writer_.Reduce();
  }
  void Open(const std::string& key) {
    writer_.String(key);
    writer_.EmptyDict();
    writer_.Mark();
  }
  void Close() { writer_.SetItems(); }
  void WriteTo(const std::filesystem::path& path) && {
    writer_.SetItems();
    vantage::testing::WriteZipTorchFile(path, std::move(writer_).Finish(),
                                        std::string(kElements * sizeof(float), '\0'));
  }

 private:
  static constexpr int64_t kElements = 147456;  // of the largest tensor

  void Tuple(const std::vector<int64_t>& values) {
    writer_.Mark();
    for (const int64_t value : values) writer_.Int(value);
    writer_.Tuple();
  }

  serialize::PickleWriter writer_;
};

TEST_F(FoundNetworks, ObjectsOfUnknownClassesMatterInPlaceOfTensorsAlone) {
  const auto write = [&](const std::string& object) {
    TrainersPickle pickle;
    pickle.Object("hyper_parameters", "argparse", "Namespace");
    pickle.Open("state_dict");
    pickle.Object("_extra_state", "os", "system");
    MakeTrunk("squeezenet1_1")->Visit([&](const std::string& name, const at::Tensor& tensor, TensorRole) {
      if (name == object) {
        pickle.Object(name, "bits.and_bytes", "Int4");
      } else {
        pickle.Tensor(name, tensor.sizes().vec());
      }
    });
    pickle.Close();
    std::move(pickle).WriteTo(Path());
  };
  write("");
  EXPECT_NO_THROW(ReadModel(Path()));
  EXPECT_EQ(Info()["ignored"]["hyper_parameters"], "argparse.Namespace object");
  EXPECT_THAT(Info()["ignored"]["_extra_state"], HasSubstr("is a os.system object, not a tensor"));
  write("features.0.weight");
  EXPECT_THAT(
      ErrorOf([&] { ReadModel(Path()); }),
      AllOf(HasSubstr("m.pth: as a squeezenet1_1"), HasSubstr("it lacks 1 tensor: 'features.0.weight'"),
            HasSubstr("features.0.weight: is a bits.and_bytes.Int4 object, not a tensor")));
}

TEST_F(FoundNetworks, FilesWithoutTensorsAreToldByTheirKeys) {
  TrainersPickle pickle;
  pickle.Object("model", "my.nets", "Net");
  pickle.Object("args", "argparse", "Namespace");
  std::move(pickle).WriteTo(Path());
  EXPECT_THAT(
      ErrorOf([&] { ReadModel(Path()); }),
      HasSubstr("m.pth: holds no tensors of a network: 'args' is a argparse.Namespace object, 'model' "
                "is a my.nets.Net object"));
}

TEST_F(FoundNetworks, HostileDictionariesAreSurvived) {
  const auto error = [&](const std::string& pickle) {
    vantage::testing::WriteZipTorchFile(Path(), pickle, std::string(16, '\0'));
    return ErrorOf([&] { ReadModel(Path()); });
  };
  std::string deep = "\x80\x02";
  std::string ends;
  for (int i = 0; i < 100000; ++i) deep += "}U\x01k", ends += "s";
  EXPECT_THAT(error(deep + "N" + ends + "."), HasSubstr("m.pth: holds no tensors of a network"));
  // A dictionary that holds itself a thousand times.
  std::string cycle("\x80\x02}q\x00(", 6);
  for (int i = 0; i < 1000; ++i) cycle += "U\x03" + std::to_string(100 + i % 900) + std::string("h\x00", 2);
  EXPECT_THAT(error(cycle + "u."), HasSubstr("m.pth: holds no tensors of a network"));

  TrainersPickle many;
  for (int i = 0; i < 70000; ++i) many.Tensor(std::to_string(i), {1, 1});
  std::move(many).WriteTo(Path());
  EXPECT_THAT(ErrorOf([&] { ReadModel(Path()); }), HasSubstr("holds more than 65536 tensors"));

  TrainersPickle points;
  for (int i = 0; i < 100; ++i) points.Tensor(std::string(10000, '.') + std::to_string(i), {1, 1});
  std::move(points).WriteTo(Path());
  EXPECT_THAT(ErrorOf([&] { ReadModel(Path()); }),
              AllOf(HasSubstr("no trunk that is known"), Not(HasSubstr("--state"))));
}

}  // namespace
}  // namespace vantage::nn
