// SPDX-License-Identifier: BSD-3-Clause
#include "train/engine.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <torch/csrc/autograd/autograd.h>

#include "nn/folded_net.h"
#include "nn/frozen_net.h"
#include "nn/images_to_tensor.h"
#include "testing/files.h"
#include "testing/photos.h"
#include "testing/tensors.h"
#include "train/gradient_scale.h"
#include "util/check.h"

namespace vantage::train {
namespace {

using ::testing::HasSubstr;
using vantage::testing::ErrorOf;
using vantage::testing::FillByFormula;
using vantage::testing::MakePhoto;
using vantage::testing::RelativeError;

constexpr int64_t kAll = int64_t{1} << 40;

LoadedTuple MakeTuple(int number) {
  LoadedTuple tuple;
  tuple.pass.seed = static_cast<uint64_t>(number);
  const auto add = [&](int scene, int view, TupleLabel label) {
    tuple.images.push_back(MakePhoto(scene, view, view % 2 == 0 ? 64 : 80, 64));
    tuple.labels.push_back(label);
    tuple.may_have_gradient.push_back(true);
  };
  add(number, 0, TupleLabel::kQuery);
  add(number, 1, TupleLabel::kPositive);
  for (int n = 1; n <= 4; ++n) add(number + n, n, TupleLabel::kNegative);
  return tuple;
}

// A network with norms and its trainable parameters.
struct Network {
  nn::DescriptorNet net;
  std::vector<at::Tensor> parameters;

  explicit Network(const std::string& architecture = "resnet18") : net({architecture}) {
    net.Visit([&](const std::string& name, const at::Tensor& tensor, nn::TensorRole role) {
      if (name != "pool.p") FillByFormula(name, tensor);
      if (role == nn::TensorRole::kBuffer) return;
      tensor.requires_grad_(true);
      parameters.push_back(tensor);
    });
  }
};

// The sum of the tuples' losses and its gradient, in one graph.
std::pair<double, std::vector<at::Tensor>> Plain(const Network& network, const TupleLoss& loss, int tuples) {
  at::Tensor sum;
  for (int t = 0; t < tuples; ++t) {
    const LoadedTuple tuple = MakeTuple(t);
    std::vector<at::Tensor> descriptors;
    for (const Image& image : tuple.images)
      descriptors.push_back(network.net.Forward(nn::ImagesToTensor({image}, network.net.normalization)));
    const at::Tensor value = loss(at::cat(descriptors), tuple.labels);
    sum = sum.defined() ? sum + value : value;
  }
  return {sum.item<double>(), torch::autograd::grad({sum}, network.parameters)};
}

at::Tensor Flat(const std::vector<at::Tensor>& tensors) {
  std::vector<at::Tensor> parts;
  for (const at::Tensor& tensor : tensors) parts.push_back(tensor.flatten());
  return at::cat(parts);
}

// change: of each tuple, by its number.
EngineOutcome RunFolded(const Network& network, const TupleLoss& loss, int tuples,
                        const WorkerEngineOptions& options, bool expects_gradient = true,
                        double gradient_scale = 1,
                        const std::function<void(LoadedTuple& tuple, int number)>& change = {},
                        FrozenFeatures* frozen = nullptr) {
  const nn::FoldedNet folded(network.net);
  const TupleWork work{.loss = loss,
                       .next =
                           [&](size_t i) {
                             LoadedTuple tuple = MakeTuple(static_cast<int>(i));
                             tuple.may_have_gradient.assign(tuple.images.size(), expects_gradient);
                             if (change) change(tuple, static_cast<int>(i));
                             return tuple;
                           },
                       .gradient_scale = gradient_scale,
                       .frozen = frozen};
  EngineOutcome outcome =
      MakeWorkerEngine(options)->Run(folded.net(), folded.leaves(), static_cast<size_t>(tuples), work);
  outcome.gradients = folded.GradientsBy(network.parameters, outcome.gradients);
  return outcome;
}

struct EngineCase {
  const char* name;
  WorkerEngineOptions options;
  bool expects_gradient = true;
};

class EngineGradient : public ::testing::TestWithParam<EngineCase> {};

TEST_P(EngineGradient, GivesThePlainGradient) {
  const Network network;
  const TupleLoss loss = nn::MakeLoss(ContrastiveLossOptions{.margin = 0.9});
  const auto [value, gradients] = Plain(network, loss, 3);
  const EngineOutcome outcome = RunFolded(network, loss, 3, GetParam().options, GetParam().expects_gradient);
  double sum = 0;
  for (const TupleOutcome& tuple : outcome.tuples) sum += tuple.loss;
  EXPECT_NEAR(sum, value, 1e-5 * value);
  ASSERT_EQ(outcome.gradients.size(), gradients.size());
  for (size_t i = 0; i < gradients.size(); ++i)
    EXPECT_LT(RelativeError(outcome.gradients[i], gradients[i]), 1e-5) << i;
}

INSTANTIATE_TEST_SUITE_P(All, EngineGradient,
                         ::testing::Values(EngineCase{"EachPhotoAlone", {1, 1, {0, kAll}}},
                                           EngineCase{"PhotosOfOneSizeTogether", {1, 1, {kAll, kAll}}},
                                           EngineCase{"NothingKept", {1, 1, {kAll, 0}}},
                                           EngineCase{"TwoPhotosKept", {2, 1, {0, 10000}}},
                                           EngineCase{"ThreeWorkers", {3, 1, {0, kAll}}},
                                           EngineCase{"NoGradientExpected", {2, 1, {kAll, kAll}}, false}),
                         [](const auto& test) { return std::string(test.param.name); });

TEST(Engine, HasTheSameBitsForAnyNumberOfWorkers) {
  const Network network;
  const TupleLoss loss = nn::MakeLoss(ContrastiveLossOptions{.margin = 0.9});
  const EngineOutcome one = RunFolded(network, loss, 4, {1, 1, {0, kAll}});
  for (const int workers : {2, 3, 5}) {
    const EngineOutcome more = RunFolded(network, loss, 4, {workers, 1, {0, kAll}});
    for (size_t i = 0; i < one.gradients.size(); ++i)
      EXPECT_TRUE(more.gradients[i].equal(one.gradients[i])) << workers << " workers, parameter " << i;
  }
}

// Multiplying by a power of two is exact in float32.
TEST(Engine, ScaledGradientsAreExactMultiples) {
  const Network network;
  const TupleLoss loss = nn::MakeLoss(ContrastiveLossOptions{.margin = 0.9});
  const EngineOutcome one = RunFolded(network, loss, 2, {1, 1, {0, kAll}});
  const EngineOutcome scaled = RunFolded(network, loss, 2, {1, 1, {0, kAll}}, true, 1024);
  for (size_t i = 0; i < one.gradients.size(); ++i)
    EXPECT_TRUE(scaled.gradients[i].equal(one.gradients[i] * 1024)) << i;
  EXPECT_EQ(scaled.tuples[0].loss, one.tuples[0].loss);
}

TEST(GradientScale, FallsByOverflowAndGrowsWithoutIt) {
  GradientScale scale = GradientScale::OfFloat16();
  EXPECT_TRUE(scale.Adjust(true));
  EXPECT_EQ(scale.value, 32768);
  for (int i = 0; i < 1999; ++i) scale.Adjust(false);
  EXPECT_EQ(scale.value, 32768);
  scale.Adjust(false);
  EXPECT_EQ(scale.value, 65536);
  while (scale.value > 1) EXPECT_TRUE(scale.Adjust(true));
  EXPECT_FALSE(scale.Adjust(true)) << "nothing is left to help";
  EXPECT_EQ(scale.value, 1);
}

TEST(Engine, PhotosWithoutGradientSkipTheBackwardPass) {
  const Network network;
  // All negatives are farther away than this margin.
  const TupleLoss loss = nn::MakeLoss(ContrastiveLossOptions{.margin = 1e-4});
  for (const int64_t kept : {int64_t{0}, kAll}) {
    const EngineOutcome outcome = RunFolded(network, loss, 2, {2, 1, {0, kept}});
    for (const TupleOutcome& tuple : outcome.tuples) {
      EXPECT_EQ(tuple.photos, 6);
      EXPECT_EQ(tuple.photos_with_gradient, 2);
    }
    const auto [value, gradients] = Plain(network, loss, 2);
    for (size_t i = 0; i < gradients.size(); ++i)
      EXPECT_LT(RelativeError(outcome.gradients[i], gradients[i]), 1e-5) << i;
  }
}

TEST(Engine, SatisfiedTupletsGiveNoGradient) {
  const Network network;
  const TupleLoss loss{
      .forward = [](const LossInput& input) { return (input.descriptors_ND.sum() - 1e6).clamp_min(0); }};
  const EngineOutcome outcome = RunFolded(network, loss, 2, {2, 1, {0, kAll}});
  EXPECT_EQ(outcome.tuples[1].loss, 0);
  EXPECT_EQ(outcome.tuples[1].photos_with_gradient, 0);
  for (const at::Tensor& gradient : outcome.gradients) EXPECT_FALSE(gradient.defined());
}

TEST(Engine, BatchStatisticsAreThoseOfATuplesPhotosOfOneSize) {
  Network network;
  network.net.UseBatchStatistics(0.1);
  const TupleLoss loss = nn::MakeLoss(ContrastiveLossOptions{.margin = 0.9});
  at::Tensor sum;
  nn::BatchStatistics seen;
  for (int t = 0; t < 3; ++t) {
    const LoadedTuple tuple = MakeTuple(t);
    std::vector<at::Tensor> rows(tuple.images.size());
    for (const std::vector<size_t>& of_one_size : {std::vector<size_t>{0, 3, 5}, {1, 2, 4}}) {
      std::vector<Image> images;
      for (const size_t i : of_one_size) images.push_back(tuple.images[i]);
      nn::BatchStatistics of_batch;
      const at::Tensor described = network.net.Forward(nn::ImagesToTensor(images, network.net.normalization),
                                                       {.is_training = true, .seen = &of_batch});
      for (int64_t row = 0; row < 3; ++row)
        rows[of_one_size[static_cast<size_t>(row)]] = described.slice(0, row, row + 1);
      for (const auto& [name, values] : of_batch)
        seen[name] = seen.contains(name) ? seen[name] + values : values;
    }
    const at::Tensor value = loss(at::cat(rows), tuple.labels);
    sum = sum.defined() ? sum + value : value;
  }
  const std::vector<at::Tensor> gradients = torch::autograd::grad({sum}, network.parameters);

  const EngineOutcome one = RunFolded(network, loss, 3, {1, 1, {0, kAll}});
  EXPECT_NEAR(one.tuples[0].loss + one.tuples[1].loss + one.tuples[2].loss, sum.item<double>(),
              1e-4 * sum.item<double>());
  // Norms of few values (12 a channel in the last maps) magnify rounding, most where terms cancel out.
  constexpr double kRounding = 5e-3;
  EXPECT_LT(RelativeError(Flat(one.gradients), Flat(gradients)), kRounding);
  ASSERT_EQ(one.statistics.size(), seen.size() + 1);
  size_t next = 0;
  constexpr int kPasses = 6;
  for (const auto& [name, values] : seen) {
    const at::Tensor& sums = one.statistics[next++];
    // The error of a mean is relative to the values' deviation.
    const at::Tensor deviation = (values[1] / kPasses).sqrt();
    EXPECT_LT((sums[0] - values[0]).div(kPasses * deviation).abs().max().item<float>(), 1e-4F) << name;
    EXPECT_LT(RelativeError(sums[1], values[1]), 1e-4) << name;
  }
  EXPECT_EQ(one.statistics.back().item<float>(), kPasses);

  const EngineOutcome three = RunFolded(network, loss, 3, {3, 1, {0, kAll}});
  for (size_t i = 0; i < gradients.size(); ++i) EXPECT_TRUE(three.gradients[i].equal(one.gradients[i])) << i;
  for (size_t i = 0; i < one.statistics.size(); ++i)
    EXPECT_TRUE(three.statistics[i].equal(one.statistics[i])) << i;
  const EngineOutcome twice = RunFolded(network, loss, 3, {2, 1, {kAll, 0}});  // computed twice
  EXPECT_LT(RelativeError(Flat(twice.gradients), Flat(one.gradients)), kRounding);
}

// A photo whose gradient is computed in a second pass, alone or with others, draws the same numbers again.
TEST(Engine, RecomputedPhotosSkipTheSameBranches) {
  const Network network("dinov2_vits14:blocks=3");
  const TupleLoss loss = nn::MakeLoss(ContrastiveLossOptions{.margin = 0.9});
  const at::Tensor whole = Flat(RunFolded(network, loss, 2, {1, 1, {0, kAll}}).gradients);
  const auto run = [&](const WorkerEngineOptions& options) {
    return RunFolded(network, loss, 2, options, /*expects_gradient=*/true, /*gradient_scale=*/1,
                     [](LoadedTuple& tuple, int) { tuple.pass.drop_path = 0.5; });
  };
  const EngineOutcome kept = run({1, 1, {0, kAll}});
  EXPECT_GT(RelativeError(Flat(kept.gradients), whole), 0.05);
  for (const PassLimits& limits :
       {PassLimits{0, 0}, PassLimits{kAll, kAll}, PassLimits{kAll, 0}, PassLimits{kAll, 10000}}) {
    const EngineOutcome again = run({2, 1, limits});
    EXPECT_NEAR(again.tuples[1].loss, kept.tuples[1].loss, 1e-5);
    EXPECT_LT(RelativeError(Flat(again.gradients), Flat(kept.gradients)), 1e-4) << limits.kept_pixels;
  }
  // Losses alone, as in validation, need no randomness.
  const auto validate = [&](double drop_path) {
    const auto next = [&](size_t) {
      LoadedTuple tuple = MakeTuple(1);
      tuple.pass.drop_path = drop_path;
      return tuple;
    };
    return MakeWorkerEngine({1, 1, {0, 0}})
        ->Run(network.net, {}, 1, {.loss = loss, .next = next})
        .tuples[0]
        .loss;
  };
  EXPECT_EQ(validate(0), validate(0.5));
}

TEST(Engine, StagesThatAreRecomputedHaveTheSameGradient) {
  const TupleLoss loss = nn::MakeLoss(ContrastiveLossOptions{.margin = 0.9});
  for (const char* architecture : {"dinov2_vits14:blocks=3", "resnet18", "vgg11"}) {
    for (const bool with_statistics : {false, true}) {
      Network network(architecture);
      if (with_statistics) {
        if (std::string_view(architecture) != "resnet18") continue;  // the others have no batch norms
        network.net.UseBatchStatistics(0.1);
      }
      const auto run = [&](bool recomputes, const PassLimits& limits) {
        return RunFolded(network, loss, 2, {2, 1, limits}, /*expects_gradient=*/true, /*gradient_scale=*/1,
                         [&](LoadedTuple& tuple, int) {
                           tuple.pass.drop_path = 0.5;
                           tuple.pass.recomputes_stages = recomputes;
                         });
      };
      for (const PassLimits& limits : {PassLimits{0, kAll}, PassLimits{kAll, 10000}}) {
        const EngineOutcome kept = run(false, limits);
        const EngineOutcome again = run(true, limits);
        EXPECT_EQ(again.tuples[1].loss, kept.tuples[1].loss) << architecture;
        EXPECT_TRUE(Flat(again.gradients).equal(Flat(kept.gradients))) << architecture;
        ASSERT_EQ(again.statistics.size(), kept.statistics.size());
        for (size_t i = 0; i < kept.statistics.size(); ++i)
          EXPECT_TRUE(again.statistics[i].equal(kept.statistics[i])) << i;
      }
    }
  }
}

// Each photo of MakeTuple, by scene and view.
void NamePhotos(LoadedTuple& tuple, int number) {
  const auto id = [](int scene, int view) { return static_cast<PhotoId>(100 * scene + view); };
  tuple.photos = {id(number, 0), id(number, 1)};
  for (int n = 1; n <= 4; ++n) tuple.photos.push_back(id(number + n, n));
}

TEST(Engine, FrozenStagesAreComputedOncePerPhotoAndChangeNoGradient) {
  const TupleLoss loss = nn::MakeLoss(ContrastiveLossOptions{.margin = 0.9});
  for (const char* architecture : {"dinov2_vits14:blocks=3", "resnet18"}) {
    Network network(architecture);
    std::map<std::string, int> depths;
    for (const auto& [name, depth] : network.net.trunk().Depths())
      depths[network.net.NameOfTrunk(name)] = depth;
    network.parameters.clear();
    network.net.Visit([&](const std::string& name, const at::Tensor& tensor, nn::TensorRole role) {
      if (role == nn::TensorRole::kBuffer) return;
      tensor.requires_grad_(!depths.contains(name) || depths.at(name) > 2);
      if (tensor.requires_grad()) network.parameters.push_back(tensor);
    });
    ASSERT_EQ(network.net.FrozenStages(), 2);
    const auto run = [&](const WorkerEngineOptions& options, FrozenFeatures* frozen,
                         bool is_augmented = false, bool recomputes = false) {
      return RunFolded(
          network, loss, 3, options, /*expects_gradient=*/true, /*gradient_scale=*/1,
          [&](LoadedTuple& tuple, int number) {
            tuple.pass.drop_path = 0.5;
            NamePhotos(tuple, number);
            tuple.is_augmented = is_augmented;
            tuple.pass.recomputes_stages = recomputes;
          },
          frozen);
    };
    const WorkerEngineOptions one_by_one = {2, 1, {0, 0}};
    const at::Tensor plain = Flat(run(one_by_one, nullptr).gradients);
    FrozenFeatures frozen(2, kAll);
    EXPECT_TRUE(Flat(run(one_by_one, &frozen).gradients).equal(plain)) << architecture;
    EXPECT_EQ(frozen.photos(), 16U) << "two photos are in two tuples";
    const int64_t reused = frozen.reused();
    const EngineOutcome second = run(one_by_one, &frozen);
    EXPECT_TRUE(Flat(second.gradients).equal(plain)) << architecture;
    EXPECT_TRUE(Flat(run(one_by_one, &frozen).gradients).equal(plain)) << "a pass changed what is kept";
    int64_t passes = 0;
    for (const TupleOutcome& tuple : second.tuples) passes += tuple.photos + tuple.photos_with_gradient;
    EXPECT_EQ(frozen.reused(), reused + 2 * passes);
    EXPECT_LT(RelativeError(Flat(run({1, 1, {kAll, kAll}}, &frozen).gradients), plain), 1e-4);

    FrozenFeatures small(2, frozen.bytes() / 3);
    EXPECT_TRUE(Flat(run(one_by_one, &small).gradients).equal(plain));
    EXPECT_GT(small.photos(), 3U);
    EXPECT_LT(small.photos(), 9U);
    EXPECT_LE(small.bytes(), frozen.bytes() / 3);

    for (FrozenFeatures* kept : {static_cast<FrozenFeatures*>(nullptr), &frozen})
      EXPECT_TRUE(Flat(run(one_by_one, kept, false, /*recomputes=*/true).gradients).equal(plain))
          << architecture;

    FrozenFeatures unused(2, kAll);
    EXPECT_TRUE(Flat(run(one_by_one, &unused, /*is_augmented=*/true).gradients).equal(plain));
    EXPECT_EQ(unused.photos(), 0U) << "augmented photos";
  }
}

TEST(Engine, LossesAloneNeedNoParameters) {
  const Network network;
  const TupleLoss loss = nn::MakeLoss(ContrastiveLossOptions{.margin = 0.9});
  const auto [value, gradients] = Plain(network, loss, 2);
  const EngineOutcome outcome =
      MakeWorkerEngine({2, 1, {0, kAll}})
          ->Run(nn::FrozenNet(network.net), {}, 2,
                {.loss = loss, .next = [](size_t i) { return MakeTuple(static_cast<int>(i)); }});
  EXPECT_NEAR(outcome.tuples[0].loss + outcome.tuples[1].loss, value, 1e-4 * value);
  EXPECT_EQ(outcome.tuples[0].photos_with_gradient, 0);
  EXPECT_TRUE(outcome.gradients.empty());
}

TEST(Engine, SkippedTuplesAreReportedAndLeftOut) {
  const Network network;
  const TupleLoss loss = nn::MakeLoss(ContrastiveLossOptions{.margin = 0.9});
  const nn::FoldedNet folded(network.net);
  std::vector<size_t> reported;
  const TupleWork work{.loss = loss,
                       .next =
                           [](size_t i) {
                             LoadedTuple tuple = MakeTuple(static_cast<int>(i));
                             if (i != 1) {
                               tuple = {};
                               tuple.skipped = "no photo";
                             }
                             return tuple;
                           },
                       .on_tuple = [&](size_t i, const TupleOutcome&) { reported.push_back(i); }};
  const EngineOutcome outcome =
      MakeWorkerEngine({2, 1, {0, kAll}})->Run(folded.net(), folded.leaves(), 3, work);
  EXPECT_THAT(reported, ::testing::UnorderedElementsAre(0, 1, 2));
  EXPECT_EQ(outcome.tuples[0].skipped, "no photo");
  EXPECT_EQ(outcome.tuples[1].photos, 6);
  EXPECT_FALSE(outcome.gradients.empty());
}

TEST(Engine, AnExceptionEndsAllWorkers) {
  const Network network;
  const nn::FoldedNet folded(network.net);
  const auto run = [&](bool in_next) {
    const TupleLoss loss = nn::MakeLoss(ContrastiveLossOptions{.margin = 0.9});
    const TupleWork work{
        .loss = loss,
        .next =
            [&](size_t i) {
              VANTAGE_CHECK(!in_next || i < 3, "no tuple ", i);
              return MakeTuple(static_cast<int>(i));
            },
        .on_tuple = [&](size_t i, const TupleOutcome&) { VANTAGE_CHECK(in_next || i < 1, "stop at ", i); }};
    MakeWorkerEngine({3, 1, {0, kAll}})->Run(folded.net(), folded.leaves(), 20, work);
  };
  EXPECT_THAT(ErrorOf([&] { run(true); }), HasSubstr("no tuple 3"));
  EXPECT_THAT(ErrorOf([&] { run(false); }), HasSubstr("stop at"));
}

}  // namespace
}  // namespace vantage::train
