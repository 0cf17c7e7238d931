// SPDX-License-Identifier: BSD-3-Clause
#include "nn/head.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/linspace.h>
#include <ATen/ops/sin.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "nn/descriptor_net.h"
#include "nn/frozen_net.h"
#include "nn/model_file.h"
#include "nn/net_of_source.h"
#include "nn/token_trunk.h"
#include "testing/files.h"
#include "testing/tensors.h"
#include "util/string.h"

namespace vantage::nn {
namespace {

using ::testing::HasSubstr;
using vantage::testing::ErrorOf;
using vantage::testing::FillByFormula;
using vantage::testing::RelativeError;
using vantage::testing::TemporaryFolder;

at::Tensor Photos() { return at::linspace(0, 60, 2 * 3 * 96 * 80).sin().view({2, 3, 96, 80}); }

// The smallest trunk that has what a head asks for; "" if there is none.
std::string TrunkFor(const std::string& head) {
  std::string smallest;
  int64_t channels = 0;
  for (const TrunkRow& trunk : Trunks()) {
    try {
      const FeatureRequest request = RequestOf(HeadChoice(head), trunk);
      if (!trunk.has_tokens && (request.class_token || request.tokens)) continue;
    } catch (const UsageError&) {
      continue;
    }
    if (!smallest.empty() && trunk.channels >= channels) continue;
    smallest = trunk.blocks == 0 ? trunk.name : VariantOf(trunk, 2, {}).name;
    channels = trunk.channels;
  }
  return smallest;
}

class EachHead : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (TrunkFor(GetParam()).empty()) GTEST_SKIP() << "no trunk has the features that it asks for";
  }

  static const HeadRow& Row() { return Heads().At(GetParam()); }

  // The head with small tensors, and with as many rows of the last linear layer; 0: as they are by default.
  static DescriptorNetOptions Options(int rows = 0) {
    HeadChoice head(GetParam());
    OptionsDescription description;
    head.DeclareOptions(description);
    if (description.Find("clusters") != nullptr) SetOption(description, "clusters", "4", "test");
    if (rows > 0 && !(Row().add_linear && Row().add_linear(head, rows)))
      SetOption(description, "output_dimension", std::to_string(rows), "test");
    return {TrunkFor(GetParam()), head};
  }

  static DescriptorNet Net(const DescriptorNetOptions& options) {
    const DescriptorNet net(options);
    net.Visit([](const std::string& name, const at::Tensor& tensor, TensorRole role) {
      if (role != TensorRole::kExponent) FillByFormula(name, tensor);
    });
    return net;
  }
};

TEST_P(EachHead, GivesDescriptorsOfUnitLengthAndItsDimension) {
  const at::NoGradGuard no_grad;
  for (const int dimension : {0, 24}) {
    const DescriptorNet net = Net(Options(dimension));
    EXPECT_TRUE(net.IsInitialized());
    if (dimension > 0) {
      EXPECT_EQ(net.dimension(), dimension);
    }
    const at::Tensor descriptors = net.Forward(Photos());
    EXPECT_EQ(descriptors.sizes(), at::IntArrayRef({2, net.dimension()}));
    EXPECT_LT((descriptors.norm(2, {1}) - 1).abs().max().item<float>(), 1e-5F);
    EXPECT_TRUE(net.Clone().Forward(Photos()).equal(descriptors));
    EXPECT_LT(RelativeError(FrozenNet(net).Forward(Photos()), descriptors), 1e-4);
  }
}

TEST_P(EachHead, GivesTheSameFrozenOfANetworkThatIsTaken) {
  const at::NoGradGuard no_grad;
  DescriptorNet net = Net(Options());
  const DescriptorNet copy = net;
  const at::Tensor descriptors = copy.Forward(Photos());
  const at::Tensor frozen = FrozenNet(net).Forward(Photos());
  std::set<const void*> of_net;
  net.Visit([&](const std::string&, const at::Tensor& tensor, TensorRole) {
    if (tensor.numel() > 0) of_net.insert(tensor.const_data_ptr());
  });
  const auto shares = [&](const FrozenNet& with) {
    bool shared = false;
    with.Visit([&](const std::string&, const at::Tensor& tensor, TensorRole) {
      shared = shared || of_net.contains(tensor.const_data_ptr());
    });
    return shared;
  };
  EXPECT_FALSE(shares(FrozenNet(net)));
  const FrozenNet taken(std::move(net));
  EXPECT_TRUE(shares(taken));
  EXPECT_TRUE(taken.Forward(Photos()).equal(frozen));
  EXPECT_TRUE(copy.Forward(Photos()).equal(descriptors)) << "a copy of the network was changed";
}

TEST_P(EachHead, NamesEachTensorOnce) {
  std::set<std::string> names;
  Net(Options(24)).Visit([&](const std::string& name, const at::Tensor&, TensorRole) {
    EXPECT_TRUE(names.insert(name).second) << name;
  });
  EXPECT_TRUE(names.contains(StrCat(Row().linear, ".weight")));
  EXPECT_TRUE(std::any_of(names.begin(), names.end(),
                          [&](const std::string& name) { return name.starts_with(Row().trunk_prefix); }));
}

TEST_P(EachHead, IsRecognisedByItsTensors) {
  if (!Row().recognise) GTEST_SKIP() << "its tensors do not identify it";
  TensorShapes shapes;
  const DescriptorNet net = Net(Options(24));
  net.Visit([&](const std::string& name, const at::Tensor& tensor, TensorRole) {
    shapes[name] = tensor.sizes().vec();
  });
  const NetOfSource found = FindNet(shapes);
  EXPECT_EQ(found.head.kind(), GetParam());
  EXPECT_EQ(found.architecture, net.options().architecture);
  EXPECT_EQ(Heads().At(GetParam()).make(found.head, net.trunk().row().channels)->dimension(), 24);
}

TEST_P(EachHead, IsKeptInModelFiles) {
  const ModelParts model{Net(Options(24)), {}};
  const TemporaryFolder folder;
  for (const char* name : {"m.pth", "m.safetensors"}) {
    WriteModel(model, folder / name);
    const ModelParts read = ReadModel(folder / name);
    EXPECT_EQ(read.net.options(), model.net.options());
    EXPECT_EQ(WeightsSha256(read.net), WeightsSha256(model.net));
    EXPECT_EQ(ReadModelInfo(folder / name).dimension, 24);
    EXPECT_EQ(ReadModelInfo(folder / name).head, model.net.options().head);
  }
}

// By each parameter and by the features: of the element with the largest gradient, and of one in the middle.
TEST_P(EachHead, HasTheGradientsOfCentralDifferences) {
  constexpr int64_t kChannels = 8;
  HeadChoice choice(GetParam());
  OptionsDescription description;
  choice.DeclareOptions(description);
  for (const auto& [key, value] : std::map<std::string, std::string>{{"clusters", "4"},
                                                                     {"cluster_dimension", "5"},
                                                                     {"token_dimension", "6"},
                                                                     {"hidden", "7"},
                                                                     {"queries", "3"},
                                                                     {"rows", "2"},
                                                                     {"output_dimension", "9"}}) {
    if (description.Find(key) != nullptr) SetOption(description, key, value, "test");
  }
  if (GetParam() == "boq") SetOption(description, "projection", "128", "test");
  if (GetParam() == "cirtorch") SetOption(description, "fc_whitening", "true", "test");
  const std::unique_ptr<Head> head = Row().make(choice, kChannels);
  const auto wave = [](at::IntArrayRef sizes) {
    return at::linspace(0, 60, c10::multiply_integers(sizes), at::kDouble).sin().view(sizes) + 1.5;
  };
  Features features{wave({2, kChannels, 4, 5}), wave({2, kChannels}), wave({2, 20, kChannels})};
  std::map<std::string, at::Tensor> inputs = {{"the map", features.map_BCHW},
                                              {"the class token", features.class_BC},
                                              {"the tokens", features.tokens_BNC}};
  head->Replace([&](const std::string& name, at::Tensor& tensor, TensorRole role) {
    if (role == TensorRole::kParameter) FillByFormula(name, tensor);
    tensor = tensor.to(at::kDouble);
    if (role != TensorRole::kBuffer) inputs[name] = tensor;
  });
  const auto loss = [&] {
    const at::Tensor descriptors = head->Forward(features, {}).to(at::kDouble);
    return (descriptors * wave(descriptors.sizes())).sum();
  };
  for (auto& [name, tensor] : inputs) tensor.requires_grad_(true);
  loss().backward();
  const at::NoGradGuard no_grad;
  for (auto& [name, tensor] : inputs) {
    if (!tensor.grad().defined()) {
      EXPECT_TRUE(name.starts_with("the ")) << name;  // features that the head does not ask for
      continue;
    }
    const at::Tensor gradient = tensor.grad().flatten();
    for (const int64_t i : {gradient.abs().argmax().item<int64_t>(), gradient.numel() / 2}) {
      constexpr double kStep = 1e-6;
      double* value = tensor.mutable_data_ptr<double>() + i;
      const double old = *value;
      *value = old + kStep;
      const double above = loss().item<double>();
      *value = old - kStep;
      const double below = loss().item<double>();
      *value = old;
      EXPECT_NEAR((above - below) / (2 * kStep), gradient[i].item<double>(),
                  1e-5 * std::max(0.1, gradient.abs().max().item<double>()))
          << name << " " << i;
    }
  }
}

// The head's tensors, which training makes, may be missing in a trunk's weights.
TEST_P(EachHead, DropsHiddenValuesInTrainingAloneAndIfItsRowSaysSo) {
  const at::NoGradGuard no_grad;
  const DescriptorNet net = Net(Options());
  const at::Tensor images = Photos();
  const at::Tensor plain = net.Forward(images);
  EXPECT_TRUE(net.Forward(images, {.dropout = 0.5}).equal(plain));
  EXPECT_EQ(net.Forward(images, {.is_training = true, .dropout = 0.5}).equal(plain), !Row().has_dropout);
}

TEST_P(EachHead, BeginsFromATrunkAlone) {
  const DescriptorNetOptions options = Options();
  const TemporaryFolder folder;
  WriteModelAs({DescriptorNet({options.architecture}), {}}, "weights", folder / "trunk.pth");
  if (!Row().add_linear) GTEST_SKIP() << "it has a linear layer in any case";
  EXPECT_EQ(ReadModel(folder / "trunk.pth", options).net.options(), options);
}

// Heads that ask for tokens, over a trunk that is made for tests.
class EachHeadOverTokens : public ::testing::TestWithParam<std::string> {};

TEST_P(EachHeadOverTokens, GivesUnitLengthAndRefusesOtherTrunks) {
  const HeadChoice choice(GetParam());
  const TokenTrunk trunk;
  FeatureRequest request;
  try {
    request = RequestOf(choice, trunk.row());
  } catch (const UsageError&) {
    GTEST_SKIP() << "it cannot follow such a trunk";
  }
  if (!request.class_token && !request.tokens) GTEST_SKIP() << "it asks for no tokens";
  const std::unique_ptr<Head> head = Heads().At(GetParam()).make(choice, TokenTrunk::kChannels);
  head->Visit(
      [](const std::string& name, const at::Tensor& tensor, TensorRole) { FillByFormula(name, tensor); });
  const at::Tensor descriptors = head->Forward(trunk.Forward(Photos(), request), {});
  EXPECT_EQ(descriptors.sizes(), at::IntArrayRef({2, head->dimension()}));
  EXPECT_LT((descriptors.norm(2, {1}) - 1).abs().max().item<float>(), 1e-5F);
  EXPECT_THAT(ErrorOf([&] {
                const DescriptorNet net({"resnet18", choice});
              }),
              HasSubstr("needs tokens, which a resnet18 does not have"));
}

INSTANTIATE_TEST_SUITE_P(All, EachHeadOverTokens, ::testing::ValuesIn(HeadFamily::Table().Names()),
                         [](const auto& test) {
                           std::string name = test.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

INSTANTIATE_TEST_SUITE_P(All, EachHead, ::testing::ValuesIn(HeadFamily::Table().Names()),
                         [](const auto& test) {
                           std::string name = test.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

}  // namespace
}  // namespace vantage::nn
