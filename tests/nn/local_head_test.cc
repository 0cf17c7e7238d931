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

NetVladHeadOptions SmallNetVlad(int projection = 128) {
  return {.locals = {.projection = projection, .windows = {2, 3}, .dimension = 64},
          .clusters = 8,
          .ghost_clusters = 1,
          .intra_norm = "cluster"};
}

DescriptorNetOptions OptionsOf(const std::string& head) {
  if (head == "netvlad") return {"squeezenet1_1", SmallNetVlad()};
  return {"squeezenet1_1", LocalGemHeadOptions{.locals = SmallNetVlad().locals}};
}

DescriptorNet FilledNet(const DescriptorNetOptions& options) {
  DescriptorNet net(options);
  net.Visit([](const std::string& name, const at::Tensor& tensor, TensorRole role) {
    if (role != TensorRole::kExponent) FillByFormula(name, tensor);
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
    if (role == TensorRole::kBuffer) return;
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
  SetChoice(options.head, GetParam() + ":output_dimension=24", "test");
  if (auto* netvlad = options.head.If<NetVladHeadOptions>()) netvlad->order = "kd";
  ModelParts model{FilledNet(options), {}};
  const TemporaryFolder folder;
  for (const std::string name : {"m.pth", "m.safetensors"}) {
    WriteModel(model, folder / name);
    ModelParts read = ReadModel(folder / name);
    EXPECT_EQ(read.net.options(), options);
    EXPECT_EQ(WeightsSha256(read.net), WeightsSha256(model.net));
    const nlohmann::json info = ToJson(ReadModelInfo(folder / name), false);
    EXPECT_EQ(info["head"]["kind"], GetParam());
    EXPECT_EQ(info["dimension"], 24);
    EXPECT_EQ(info["head"][GetParam()]["windows"], nlohmann::json({2, 3}));
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
  ModelParts trunk{FilledNet({"squeezenet1_1"}), {}};
  WriteModelAs(trunk, "weights", folder / "trunk.pth");
  const auto read = [&](const HeadChoice& head) {
    return ReadModel(folder / "trunk.pth", DescriptorNetOptions{"squeezenet1_1", head}).net;
  };
  const DescriptorNet net = read(SmallNetVlad());
  EXPECT_FALSE(net.IsInitialized());
  EXPECT_THAT(ErrorOf([&] { net.Forward(SomeImages()); }), HasSubstr("projection of the local features"));
  EXPECT_THAT(ErrorOf([&] { read(SmallNetVlad(0)).Forward(SomeImages()); }),
              HasSubstr("NetVLAD without centroids"));
  EXPECT_TRUE(read(LocalGemHeadOptions{.locals = SmallNetVlad(0).locals}).IsInitialized());
}

TEST(LocalNetOptions, ThatDoNotGoTogetherAreRefused) {
  const auto message = [](const std::function<void(NetVladHeadOptions&)>& change) {
    NetVladHeadOptions options = SmallNetVlad();
    change(options);
    return ErrorOf([&] { const DescriptorNet net({"squeezenet1_1", options}); });
  };
  EXPECT_THAT(message([](auto& o) { o.locals.dimension = 100; }), HasSubstr("does not divide"));
  EXPECT_THAT(message([](auto& o) { o.locals.last_relu = false; }), HasSubstr("ends in a ReLU"));
  EXPECT_THAT(message([](auto& o) { o.intra_norm = "both"; }), HasSubstr("cluster, across, none"));
  EXPECT_THAT(message([](auto& o) { o.clusters = 0; }), HasSubstr("clusters"));
}

TEST(LocalNetOptions, MayTakeVggBeforeItsLastRelu) {
  const at::NoGradGuard no_grad;
  const auto least = [](bool last_relu) {
    const LocalGemHeadOptions head{.locals = {.last_relu = last_relu}};
    return FilledNet({"vgg11", head}).FeaturesOf(SomeImages()).map_BCHW.min().item<float>();
  };
  EXPECT_GE(least(true), 0);
  EXPECT_LT(least(false), 0);
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
  EXPECT_THAT(with(R"(\"kind\":\"netvlad\")", R"(\"kind\":\"netvlaD\")"),
              HasSubstr("must be one of cirtorch"));
}

}  // namespace
}  // namespace vantage::nn
