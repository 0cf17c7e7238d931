// SPDX-License-Identifier: BSD-3-Clause
#include "nn/heads/local_head.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/linspace.h>
#include <ATen/ops/sin.h>
#include <torch/csrc/autograd/autograd.h>

#include <nlohmann/json.hpp>
#include <stdexcept>

#include "nn/descriptor_net.h"
#include "nn/fold_whitening.h"
#include "nn/folded_net.h"
#include "nn/frozen_net.h"
#include "nn/model_file.h"
#include "nn/model_info_json.h"
#include "nn/pooling.h"
#include "testing/files.h"
#include "testing/tensors.h"
#include "util/file.h"
#include "vantage/model.h"

namespace vantage::nn {
namespace {

using ::testing::HasSubstr;
using vantage::testing::ErrorOf;
using vantage::testing::FillByFormula;
using vantage::testing::RelativeError;
using vantage::testing::TemporaryFolder;

DescriptorNetOptions OptionsOf(const std::string& head) {
  DescriptorNetOptions options{"squeezenet1_1", "gem"};
  options.head = head;
  options.locals = {.projection = 128, .windows = {2, 3}, .dimension = 64};
  options.netvlad = {.clusters = 8, .ghost_clusters = 1, .intra_norm = "cluster"};
  return options;
}

DescriptorNet FilledNet(const DescriptorNetOptions& options) {
  DescriptorNet net(options);
  net.Visit([](const std::string& name, const at::Tensor& tensor, TensorRole) {
    if (!IsExponent(name)) FillByFormula(name, tensor);
  });
  return net;
}

at::Tensor SomeImages() { return at::linspace(0, 60, 2 * 3 * 96 * 80).sin().view({2, 3, 96, 80}); }

class LocalNet : public ::testing::TestWithParam<std::string> {};

TEST_P(LocalNet, DescribesByItsHeadAndSoDoItsCopies) {
  DescriptorNet net = FilledNet(OptionsOf(GetParam()));
  EXPECT_EQ(net.dimension(), GetParam() == "netvlad" ? 8 * 64 : 64);
  EXPECT_TRUE(net.IsInitialized());
  const at::NoGradGuard no_grad;
  const at::Tensor descriptors = net.Forward(SomeImages());
  EXPECT_EQ(descriptors.sizes(), at::IntArrayRef({2, net.dimension()}));
  EXPECT_LT((descriptors.norm(2, {1}) - 1).abs().max().item<float>(), 1e-5F);
  EXPECT_TRUE(net.head().Forward(net.FeaturesOf(SomeImages()), {}).equal(descriptors));
  EXPECT_TRUE(net.Clone().Forward(SomeImages()).equal(descriptors));
  EXPECT_LT(RelativeError(FrozenNet(net).Forward(SomeImages()), descriptors), 1e-4);
  EXPECT_EQ(net.MultiScaleExponent(), 1);
}

TEST_P(LocalNet, HasTheGradientsOfItsFoldedForm) {
  DescriptorNet net = FilledNet(OptionsOf(GetParam()));
  std::vector<at::Tensor> parameters;
  std::vector<std::string> names;
  net.Visit([&](const std::string& name, const at::Tensor& tensor, TensorRole role) {
    if (role != TensorRole::kParameter) return;
    tensor.requires_grad_(true);
    parameters.push_back(tensor);
    names.push_back(name);
  });
  const auto loss = [&](const DescriptorNet& of) {
    return of.Forward(SomeImages()).square().slice(1, 0, 7).sum();
  };
  const std::vector<at::Tensor> expected = torch::autograd::grad({loss(net)}, parameters);
  const FoldedNet folded(net);
  const std::vector<at::Tensor> actual =
      folded.GradientsBy(parameters, torch::autograd::grad({loss(folded.net())}, folded.leaves()));
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_GT(expected[i].abs().max().item<float>(), 0) << names[i];
    EXPECT_LT(RelativeError(actual[i], expected[i]), 2e-4) << names[i];
  }
}

TEST_P(LocalNet, IsKeptInModelFiles) {
  DescriptorNetOptions options = OptionsOf(GetParam());
  options.fc_whitening = true;
  options.output_dimension = 24;
  options.netvlad.order = "kd";
  ModelParts model{FilledNet(options), {}};
  const TemporaryFolder folder;
  for (const std::string name : {"m.pth", "m.safetensors"}) {
    WriteModel(model, folder / name);
    ModelParts read = ReadModel(folder / name);
    EXPECT_EQ(read.net.options(), options);
    EXPECT_EQ(WeightsSha256(read.net), WeightsSha256(model.net));
    const nlohmann::json info = ToJson(ReadModelInfo(folder / name), false);
    EXPECT_EQ(info["head"], GetParam());
    EXPECT_EQ(info["dimension"], 24);
    EXPECT_EQ(info["locals"]["windows"], nlohmann::json({2, 3}));
    EXPECT_EQ(info["netvlad"]["clusters"], 8);
    EXPECT_FALSE(info.contains("pooling"));
  }
}

TEST_P(LocalNet, TakesAWhiteningAsItsLastLayer) {
  const at::NoGradGuard no_grad;
  const DescriptorNet net = FilledNet(OptionsOf(GetParam()));
  Whitening whitening;
  whitening.mean = Eigen::VectorXd::LinSpaced(net.dimension(), -0.01, 0.02);
  whitening.projection = Eigen::VectorXd::LinSpaced(20 * net.dimension(), -50, 60)
                             .array()
                             .sin()
                             .matrix()
                             .reshaped(20, net.dimension());
  const at::Tensor folded = FoldWhitening(net, whitening).Forward(SomeImages());
  const at::Tensor plain = net.Forward(SomeImages()).contiguous();
  const DescriptorMatrix expected =
      ApplyWhitening(whitening, Eigen::Map<const DescriptorMatrix>(plain.const_data_ptr<float>(),
                                                                   plain.size(0), plain.size(1))
                                    .cast<double>())
          .cast<float>();
  ASSERT_EQ(folded.sizes(), at::IntArrayRef({2, 20}));
  const at::Tensor values = folded.contiguous();
  EXPECT_LT((Eigen::Map<const DescriptorMatrix>(values.const_data_ptr<float>(), 2, 20) - expected)
                .cwiseAbs()
                .maxCoeff(),
            1e-4F);
}

INSTANTIATE_TEST_SUITE_P(All, LocalNet, ::testing::Values("netvlad", "local-gem"),
                         [](const auto& test) { return test.param == "netvlad" ? "netvlad" : "local_gem"; });

TEST(LocalNetBeforeInitialization, DescribesNothing) {
  const TemporaryFolder folder;
  ModelParts trunk{FilledNet({"squeezenet1_1", "gem"}), {}};
  WriteModelAs(trunk, "weights", folder / "trunk.pth");
  DescriptorNetOptions options = OptionsOf("netvlad");
  ModelParts model = ReadModel(folder / "trunk.pth", options);
  EXPECT_FALSE(model.net.IsInitialized());
  EXPECT_THAT(ErrorOf([&] { model.net.Forward(SomeImages()); }),
              HasSubstr("projection of the local features"));
  options.locals.projection = 0;
  EXPECT_THAT(ErrorOf([&] { ReadModel(folder / "trunk.pth", options).net.Forward(SomeImages()); }),
              HasSubstr("NetVLAD without centroids"));
  options.head = "local-gem";
  EXPECT_TRUE(ReadModel(folder / "trunk.pth", options).net.IsInitialized());
}

TEST(LocalNetOptions, ThatDoNotGoTogetherAreRefused) {
  const auto message = [](const std::function<void(DescriptorNetOptions&)>& change) {
    DescriptorNetOptions options = OptionsOf("netvlad");
    change(options);
    return ErrorOf([&] { const DescriptorNet net(options); });
  };
  EXPECT_THAT(message([](auto& o) { o.pooling = "mac"; }), HasSubstr("goes with the pooling gem"));
  EXPECT_THAT(message([](auto& o) { o.regional = true; }), HasSubstr("goes with the pooling gem"));
  EXPECT_THAT(message([](auto& o) { o.fc_whitening = true; }), HasSubstr("needs an output dimension"));
  EXPECT_THAT(message([](auto& o) { o.locals.dimension = 100; }), HasSubstr("does not divide"));
  EXPECT_THAT(message([](auto& o) { o.locals.last_relu = false; }), HasSubstr("ends in a ReLU"));
  EXPECT_THAT(message([](auto& o) { o.netvlad.intra_norm = "both"; }), HasSubstr("cluster, across, none"));
  EXPECT_THAT(message([](auto& o) { o.netvlad.clusters = 0; }), HasSubstr("clusters"));
}

TEST(LocalNetOptions, MayTakeVggBeforeItsLastRelu) {
  DescriptorNetOptions options{"vgg11", "gem"};
  options.head = "local-gem";
  const at::NoGradGuard no_grad;
  EXPECT_GE(FilledNet(options).FeaturesOf(SomeImages()).map_BCHW.min().item<float>(), 0);
  options.locals.last_relu = false;
  EXPECT_LT(FilledNet(options).FeaturesOf(SomeImages()).map_BCHW.min().item<float>(), 0);
}

TEST(LocalNetMeta, OfAnotherKindIsRefused) {
  ModelParts model{FilledNet(OptionsOf("netvlad")), {}};
  const TemporaryFolder folder;
  WriteModel(model, folder / "m.safetensors");
  // Same length, so that the file's header stays valid.
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string bytes = ReadFile(folder / "m.safetensors");
    const size_t place = bytes.find(from);
    if (place == bytes.npos) throw std::runtime_error(from + " is not in the file");
    bytes.replace(place, to.size(), to);
    WriteFile(folder / "damaged.safetensors", bytes);
    return ErrorOf([&] { ReadModel(folder / "damaged.safetensors"); });
  };
  EXPECT_THAT(with(R"(clusters\":8)", R"(clusters\":0)"), HasSubstr("damaged.safetensors"));
  EXPECT_THAT(with(R"(clusters\":8)", R"(clusters\":9)"), HasSubstr("misshapen"));
  EXPECT_THAT(with(R"(\"cluster\")", R"(\"clusteR\")"), HasSubstr("intra_norm"));
  EXPECT_THAT(with(R"(\"head\":\"netvlad\")", R"(\"head\":\"netvlaD\")"), HasSubstr("unknown head"));
}

}  // namespace
}  // namespace vantage::nn
