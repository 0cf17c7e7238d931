// SPDX-License-Identifier: BSD-3-Clause
#include "nn/netvlad.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/full.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include <string>

#include "nn/locals.h"
#include "testing/files.h"
#include "testing/tensors.h"
#include "util/random.h"

namespace vantage::nn {
namespace {

using vantage::testing::AutogradGradient;
using vantage::testing::ErrorOf;
using vantage::testing::NumericalGradient;
using vantage::testing::ReadNpyTensor;
using vantage::testing::RelativeError;
using vantage::testing::SharedFolder;

at::Tensor Random(const std::vector<int64_t>& shape, const std::string& name, double low = -1) {
  RandomStream random(1, name);
  int64_t count = 1;
  for (const int64_t size : shape) count *= size;
  std::vector<double> values;
  for (int64_t i = 0; i < count; ++i) values.push_back(random.Uniform(low, 1));
  return at::tensor(values, at::kDouble).reshape(shape);
}

at::Tensor RandomLocals(int64_t batch, int64_t count, int64_t dimension) {
  return NormalizeAlong(Random({batch, count, dimension}, "locals"), 2);
}

// Parameters that are no longer tied to each other, as after training.
NetVladParameters RandomParameters(int64_t dimension, const NetVladHeadOptions& options) {
  const int64_t all = options.clusters + options.ghost_clusters;
  return {Random({dimension, options.clusters}, "centroids"), Random({dimension, all}, "weights"),
          Random({all}, "bias")};
}

struct NetVladCase {
  const char* name;
  int64_t dimension;
  std::vector<int64_t> windows;
};

class ReferenceLocals : public ::testing::TestWithParam<NetVladCase> {
 protected:
  at::Tensor Read(const std::string& what) const {
    return ReadNpyTensor(SharedFolder() / "reference/netvlad" / (what + "_" + GetParam().name + ".npy"));
  }
};

TEST_P(ReferenceLocals, AgreeWithThePapersCode) {
  VANTAGE_REQUIRE_SHARED("reference/netvlad");
  at::Tensor map = ReadNpyTensor(SharedFolder() / "reference/cirtorch/featuremap_first-image.npy");
  if (map.dim() == 3) map = map.unsqueeze(0);
  const at::Tensor expected = Read("locals");
  for (const bool has_gradients : {true, false}) {  // without gradients other code pools the map
    const at::AutoGradMode mode(has_gradients);
    for (const auto format : {at::MemoryFormat::Contiguous, at::MemoryFormat::ChannelsLast}) {
      const at::Tensor locals = MakeLocals(map.contiguous(format), GetParam().windows, GetParam().dimension);
      EXPECT_LT(RelativeError(locals, expected), 1e-5);
    }
  }
}

class ReferenceVlad : public ReferenceLocals {};

TEST_P(ReferenceVlad, AgreesWithThePapersCode) {
  VANTAGE_REQUIRE_SHARED("reference/netvlad");
  NetVladHeadOptions options;
  options.clusters = 16;
  const at::Tensor centers_KD = Read("centroids").t();
  const at::Tensor actual = NetVlad(Read("locals"), NetVladFromCenters(centers_KD, options), options);
  EXPECT_LT(RelativeError(actual, Read("vlad")), 1e-5);
}

const NetVladCase kSplit128Single{"split128_single", 128, {}};
const NetVladCase kSplit128{"split128_multiscale", 128, {2, 3}};
const NetVladCase kSplit512Single{"split512_single", 512, {}};  // there is no reference descriptor for it
const NetVladCase kSplit512{"split512_multiscale", 512, {2, 3}};
std::string NameOfCase(const ::testing::TestParamInfo<NetVladCase>& test) { return test.param.name; }
INSTANTIATE_TEST_SUITE_P(All, ReferenceLocals,
                         ::testing::Values(kSplit128Single, kSplit128, kSplit512Single, kSplit512),
                         NameOfCase);
INSTANTIATE_TEST_SUITE_P(All, ReferenceVlad, ::testing::Values(kSplit128Single, kSplit128, kSplit512),
                         NameOfCase);

TEST(Locals, OfAMapSmallerThanAWindowAreItsMaximum) {
  const at::Tensor map = Random({2, 6, 2, 5}, "map", 0.1);
  const at::Tensor locals = MakeLocals(map, {3}, 6);
  EXPECT_EQ(locals.sizes(), at::IntArrayRef({2, 3, 6}));
  const at::Tensor first = map.narrow(3, 0, 3).amax({2, 3});
  EXPECT_LT(RelativeError(locals.select(1, 0), NormalizeAlong(first, 1)), 1e-12);
  EXPECT_EQ(MakeLocals(map, {64}, 2).sizes(), at::IntArrayRef({2, 3, 2}));
}

TEST(Locals, RefuseChannelsThatCannotBeCut) {
  LocalOptions options;
  options.dimension = 100;
  EXPECT_THAT(ErrorOf([&] { LocalDimension(options, 512); }), ::testing::HasSubstr("does not divide 512"));
  options.projection = 200;
  EXPECT_EQ(LocalDimension(options, 512), 100);
  options.projection = 600;
  EXPECT_THAT(ErrorOf([&] { LocalDimension(options, 512); }),
              ::testing::HasSubstr("projection 600 is not in [0, 512]"));
  options = {.windows = {0}};
  EXPECT_THAT(ErrorOf([&] { LocalDimension(options, 512); }), ::testing::HasSubstr("windows: a side of 0"));
}

// Equation (4) local by local.
at::Tensor BruteForce(const at::Tensor& locals_ND, const NetVladParameters& parameters, int64_t clusters) {
  at::Tensor vlad = at::zeros({locals_ND.size(1), clusters}, at::kDouble);
  for (int64_t n = 0; n < locals_ND.size(0); ++n) {
    const at::Tensor local = locals_ND[n];
    const at::Tensor exponentials =
        (local.unsqueeze(0).matmul(parameters.assignment_weights_DG)[0] + parameters.assignment_bias_G).exp();
    for (int64_t k = 0; k < clusters; ++k) {
      vlad.select(1, k) +=
          exponentials[k] / exponentials.sum() * (local - parameters.centroids_DK.select(1, k));
    }
  }
  return vlad;
}

class NetVladOf : public ::testing::TestWithParam<std::string> {};

TEST_P(NetVladOf, IsTheSumOfWeightedResiduals) {
  NetVladHeadOptions options{.clusters = 4, .ghost_clusters = 2, .intra_norm = GetParam()};
  const at::Tensor locals = RandomLocals(2, 7, 5);
  const NetVladParameters parameters = RandomParameters(5, options);
  for (const std::string order : {"dk", "kd"}) {
    options.order = order;
    const at::Tensor actual = NetVlad(locals, parameters, options);
    for (int64_t b = 0; b < 2; ++b) {
      at::Tensor expected = BruteForce(locals[b], parameters, 4);
      if (GetParam() == "cluster") expected = expected / expected.norm(2, {0}, true);
      if (GetParam() == "across") expected = expected / expected.norm(2, {1}, true);
      if (order == "kd") expected = expected.t();
      expected = (expected / expected.norm()).reshape({-1});
      EXPECT_LT(RelativeError(actual[b], expected), 1e-12);
    }
  }
}

TEST_P(NetVladOf, DoesNotDependOnTheOrderOfLocals) {
  const NetVladHeadOptions options{.clusters = 4, .intra_norm = GetParam()};
  const at::Tensor locals = RandomLocals(2, 9, 5);
  const NetVladParameters parameters = RandomParameters(5, options);
  const at::Tensor turned = at::cat({locals.narrow(1, 4, 5), locals.narrow(1, 0, 4)}, 1);
  EXPECT_LT(RelativeError(NetVlad(turned, parameters, options), NetVlad(locals, parameters, options)), 1e-12);
}

TEST_P(NetVladOf, GradientsMatchCentralDifferences) {
  const NetVladHeadOptions options{.clusters = 3, .ghost_clusters = 1, .intra_norm = GetParam()};
  const at::Tensor locals = RandomLocals(2, 5, 4);
  const NetVladParameters parameters = RandomParameters(4, options);
  const at::Tensor weights = Random({2, 12}, "loss");
  const auto loss = [&](const at::Tensor& of, const NetVladParameters& with) {
    return (NetVlad(of, with, options) * weights).sum();
  };
  const auto expect_equal = [&](const auto& f, const at::Tensor& x) {
    EXPECT_LT(RelativeError(AutogradGradient(f, x), NumericalGradient(f, x, 1e-6)), 1e-7);
  };
  expect_equal([&](const at::Tensor& x) { return loss(x, parameters); }, locals);
  for (const auto member : {&NetVladParameters::centroids_DK, &NetVladParameters::assignment_weights_DG,
                            &NetVladParameters::assignment_bias_G}) {
    expect_equal(
        [&](const at::Tensor& x) {
          NetVladParameters with = parameters;
          with.*member = x;
          return loss(locals, with);
        },
        parameters.*member);
  }
}

INSTANTIATE_TEST_SUITE_P(All, NetVladOf, ::testing::Values("cluster", "across", "none"),
                         [](const auto& test) { return test.param; });

TEST(NetVlad, GhostClustersTakeLocalsAway) {
  const NetVladHeadOptions without{.clusters = 4};
  NetVladHeadOptions with{.clusters = 4, .ghost_clusters = 1};
  const at::Tensor locals = RandomLocals(1, 9, 5);
  NetVladParameters parameters = RandomParameters(5, with);
  const NetVladParameters plain{parameters.centroids_DK, parameters.assignment_weights_DG.narrow(1, 0, 4),
                                parameters.assignment_bias_G.narrow(0, 0, 4)};
  EXPECT_GT(RelativeError(NetVlad(locals, parameters, with), NetVlad(locals, plain, without)), 1e-2);
  // A ghost cluster without assigned features changes nothing.
  parameters.assignment_bias_G = at::cat({plain.assignment_bias_G, at::full({1}, -1e4, at::kDouble)});
  EXPECT_LT(RelativeError(NetVlad(locals, parameters, with), NetVlad(locals, plain, without)), 1e-12);
}

TEST(NetVladFromCenters, MakesTiedParametersAndLeavesTheLastCentresToGhosts) {
  const NetVladHeadOptions options{.clusters = 3, .ghost_clusters = 2, .alpha = 10};
  const at::Tensor centers = Random({5, 4}, "centres");
  const NetVladParameters parameters = NetVladFromCenters(centers, options);
  EXPECT_TRUE(parameters.centroids_DK.equal(centers.narrow(0, 0, 3).t()));
  EXPECT_TRUE(parameters.assignment_weights_DG.equal(20 * centers.t()));
  EXPECT_LT(RelativeError(parameters.assignment_bias_G, -10 * centers.square().sum(1).sqrt()), 1e-12);
  EXPECT_THAT(ErrorOf([&] { NetVladFromCenters(centers.narrow(0, 0, 4), options); }),
              ::testing::HasSubstr("from 4 centres"));
}

}  // namespace
}  // namespace vantage::nn
