// SPDX-License-Identifier: BSD-3-Clause
#include "nn/head.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/linspace.h>
#include <ATen/ops/sin.h>

#include <algorithm>
#include <set>

#include "nn/descriptor_net.h"
#include "nn/frozen_net.h"
#include "nn/model_file.h"
#include "nn/net_of_source.h"
#include "testing/files.h"
#include "testing/tensors.h"
#include "util/string.h"

namespace vantage::nn {
namespace {

using vantage::testing::FillByFormula;
using vantage::testing::RelativeError;
using vantage::testing::TemporaryFolder;

at::Tensor Photos() { return at::linspace(0, 60, 2 * 3 * 96 * 80).sin().view({2, 3, 96, 80}); }

// The smallest trunk that has what a head asks for; "" if there is none.
std::string TrunkFor(const HeadRow& head) {
  std::string smallest;
  int64_t channels = 0;
  for (const TrunkRow& trunk : Trunks()) {
    DescriptorNetOptions options;
    options.architecture = trunk.name;
    options.head = head.name;
    try {
      const FeatureRequest request = head.request(options, trunk);
      if (!trunk.has_tokens && (request.class_token || request.tokens)) continue;
    } catch (const UsageError&) {
      continue;
    }
    if (!smallest.empty() && trunk.channels >= channels) continue;
    smallest = trunk.name;
    channels = trunk.channels;
  }
  return smallest;
}

class EachHead : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (TrunkFor(HeadNamed(GetParam())).empty()) GTEST_SKIP() << "no trunk has the features that it asks for";
  }

  static DescriptorNetOptions Options(int output_dimension = 0) {
    DescriptorNetOptions options;
    options.head = GetParam();
    options.architecture = TrunkFor(HeadNamed(GetParam()));
    if (HeadNamed(GetParam()).declare != nullptr) options.netvlad.clusters = 4;
    options.output_dimension = output_dimension;
    options.fc_whitening = output_dimension > 0 && HeadNamed(GetParam()).takes_whitening;
    return options;
  }

  static DescriptorNet Net(const DescriptorNetOptions& options) {
    const DescriptorNet net(options);
    net.Visit([](const std::string& name, const at::Tensor& tensor, TensorRole) {
      if (!name.ends_with(".p") && name != "aggregation.1.p") FillByFormula(name, tensor);
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

TEST_P(EachHead, NamesEachTensorOnce) {
  std::set<std::string> names;
  Net(Options(24)).Visit([&](const std::string& name, const at::Tensor&, TensorRole) {
    EXPECT_TRUE(names.insert(name).second) << name;
  });
  const HeadRow& row = HeadNamed(GetParam());
  EXPECT_TRUE(names.contains(StrCat(row.linear, ".weight")));
  EXPECT_TRUE(std::any_of(names.begin(), names.end(),
                          [&](const std::string& name) { return name.starts_with(row.trunk_prefix); }));
}

TEST_P(EachHead, IsRecognisedByItsTensors) {
  if (HeadNamed(GetParam()).recognise == nullptr) GTEST_SKIP() << "its tensors do not identify it";
  TensorShapes shapes;
  const DescriptorNet net = Net(Options(24));
  net.Visit([&](const std::string& name, const at::Tensor& tensor, TensorRole) {
    shapes[name] = tensor.sizes().vec();
  });
  const NetOfSource found = FindNet(shapes);
  EXPECT_FALSE(found.is_trunk_only);
  EXPECT_EQ(found.found.head, GetParam());
  EXPECT_EQ(found.found.architecture, net.options().architecture);
  EXPECT_EQ(found.found.output_dimension, 24);
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
    EXPECT_EQ(ReadModelInfo(folder / name).head, GetParam());
  }
}

// The head's tensors, which training makes, may be missing in a trunk's weights.
TEST_P(EachHead, BeginsFromATrunkAlone) {
  const DescriptorNetOptions options = Options();
  const TemporaryFolder folder;
  DescriptorNetOptions plain;
  plain.architecture = options.architecture;
  WriteModelAs({DescriptorNet(plain), {}}, "weights", folder / "trunk.pth");
  if (!HeadNamed(GetParam()).takes_whitening) GTEST_SKIP() << "it has a linear layer in any case";
  EXPECT_EQ(ReadModel(folder / "trunk.pth", options).net.options(), options);
}

INSTANTIATE_TEST_SUITE_P(All, EachHead, ::testing::ValuesIn(HeadNames()), [](const auto& test) {
  std::string name = test.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

}  // namespace
}  // namespace vantage::nn
