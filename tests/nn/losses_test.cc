// SPDX-License-Identifier: BSD-3-Clause
#include "nn/losses/losses.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "testing/files.h"
#include "testing/tensors.h"
#include "util/file.h"
#include "util/random.h"
#include "util/string.h"

namespace vantage::nn {
namespace {

using vantage::testing::AutogradGradient;
using vantage::testing::ErrorOf;
using vantage::testing::NumericalGradient;
using vantage::testing::ReadNpyTensor;
using vantage::testing::RelativeError;
using vantage::testing::SharedFolder;

constexpr auto kQuery = TupleLabel::kQuery;
constexpr auto kPositive = TupleLabel::kPositive;
constexpr auto kNegative = TupleLabel::kNegative;

struct LossCase {
  const char* loss;
  const char* margin;
};

void PrintTo(const LossCase& value, std::ostream* out) { *out << value.loss << value.margin; }

class ReferenceLosses : public ::testing::TestWithParam<LossCase> {};

TEST_P(ReferenceLosses, ValueAndGradientAgree) {
  VANTAGE_REQUIRE_SHARED("reference/losses");
  const auto folder = SharedFolder() / "reference/losses";
  const std::string name = std::string(GetParam().loss) + "_" + GetParam().margin;
  const at::Tensor x_DN = ReadNpyTensor(folder / "x_128x35.npy");
  const at::Tensor label_values = ReadNpyTensor(folder / "label_35.npy").to(at::kLong);
  std::vector<TupleLabel> labels;
  for (int64_t i = 0; i < label_values.numel(); ++i) {
    labels.push_back(static_cast<TupleLabel>(label_values[i].item<int64_t>()));
  }
  LossOptions options(GetParam().loss);
  OptionsDescription description;
  Declare(description, options);
  SetOption(description, StrCat(GetParam().loss, ".margin"), GetParam().margin, "test");
  const TupleLoss loss = MakeLoss(options);
  const auto of_columns = [&](const at::Tensor& x) { return loss(x.t(), labels); };
  const double expected = nlohmann::json::parse(ReadFile(folder / "values.json"))[name];
  EXPECT_NEAR(of_columns(x_DN).item<double>(), expected, 1e-6 * std::abs(expected));
  EXPECT_LT(RelativeError(AutogradGradient(of_columns, x_DN), ReadNpyTensor(folder / (name + "_grad.npy"))),
            1e-5);
}

INSTANTIATE_TEST_SUITE_P(All, ReferenceLosses,
                         ::testing::Values(LossCase{"contrastive", "0.3"}, LossCase{"contrastive", "0.5"},
                                           LossCase{"contrastive", "0.7"}, LossCase{"contrastive", "0.85"},
                                           LossCase{"triplet", "0.3"}, LossCase{"triplet", "0.5"},
                                           LossCase{"triplet", "0.7"}, LossCase{"triplet", "0.85"}),
                         [](const auto& param_info) {
                           std::string name =
                               std::string(param_info.param.loss) + "_" + param_info.param.margin;
                           name.erase(std::remove(name.begin(), name.end(), '.'), name.end());
                           return name;
                         });

// Tuples of different sizes: two positives and three negatives, no negative, no positive, one of each.
const std::vector<TupleLabel> kUnevenLabels = {kQuery,    kPositive, kNegative, kNegative, kPositive,
                                               kNegative, kQuery,    kPositive, kQuery,    kNegative,
                                               kNegative, kQuery,    kPositive, kNegative};

at::Tensor RandomDescriptors(int64_t count) {
  RandomStream random(1, "descriptors");
  std::vector<double> values;
  for (int64_t i = 0; i < count * 4; ++i) values.push_back(random.Normal());
  at::Tensor x_ND = at::tensor(values, at::kDouble).reshape({count, 4});
  return x_ND / x_ND.norm(2, {1}, true);
}

// Properties of every loss.
class EveryLoss : public ::testing::TestWithParam<LossOptions> {
 protected:
  const TupleLoss loss_ = MakeLoss(GetParam());
  const at::Tensor x_ND_ = RandomDescriptors(static_cast<int64_t>(kUnevenLabels.size()));
};

bool IsMean(const LossOptions& options) {
  const auto* triplet = options.If<TripletLossOptions>();
  return triplet != nullptr && triplet->reduction == "mean";
}

std::vector<LossOptions> LossesToTest() {
  std::vector<LossOptions> all;
  for (const std::string& kind : LossFamily::Table().Names()) {
    if (kind == DistillationLossOptions::kKind) continue;  // compares with a teacher: distillation_test.cc
    LossOptions& options = all.emplace_back(kind);
    // The loss is steep everywhere, so that differences show.
    if (auto* contrastive = options.If<ContrastiveLossOptions>()) contrastive->margin = 1.1;
    if (auto* infonce = options.If<InfoNceLossOptions>()) infonce->temperature = 0.5;
    if (auto* multi = options.If<MultiSimilarityLossOptions>()) multi->beta = 5;
    if (auto* smooth = options.If<SmoothApLossOptions>()) smooth->temperature = 0.3;
    if (auto* triplet = options.If<TripletLossOptions>()) triplet->margin = 1.1;
  }
  all.emplace_back(TripletLossOptions{.margin = 1.1, .reduction = "mean"});
  return all;
}

INSTANTIATE_TEST_SUITE_P(All, EveryLoss, ::testing::ValuesIn(LossesToTest()), [](const auto& param_info) {
  return param_info.param.kind() + (IsMean(param_info.param) ? "_mean" : "");
});

TEST_P(EveryLoss, GradientMatchesCentralDifferences) {
  const auto f = [&](const at::Tensor& x) { return loss_(x, kUnevenLabels); };
  const at::Tensor gradient = AutogradGradient(f, x_ND_);
  EXPECT_GT(gradient.abs().max().item<double>(), 1e-3);
  EXPECT_LT(RelativeError(gradient, NumericalGradient(f, x_ND_, 1e-6)), 1e-6);
}

TEST_P(EveryLoss, ABatchIsTheSumOfItsTuples) {
  if (IsMean(GetParam())) GTEST_SKIP() << "the mean is over the batch";
  double sum = 0;
  for (size_t begin = 0; begin < kUnevenLabels.size();) {
    size_t end = begin + 1;
    while (end < kUnevenLabels.size() && kUnevenLabels[end] != kQuery) ++end;
    sum += loss_(x_ND_.narrow(0, static_cast<int64_t>(begin), static_cast<int64_t>(end - begin)),
                 {kUnevenLabels.begin() + static_cast<int64_t>(begin),
                  kUnevenLabels.begin() + static_cast<int64_t>(end)})
               .item<double>();
    begin = end;
  }
  EXPECT_NEAR(loss_(x_ND_, kUnevenLabels).item<double>(), sum, 1e-12);
}

TEST_P(EveryLoss, OrderWithinATupleDoesNotMatter) {
  const at::Tensor order = at::tensor(std::vector<int64_t>{0, 5, 4, 2, 1, 3}, at::kLong);
  const std::vector<TupleLabel> labels = {kQuery, kPositive, kNegative, kNegative, kPositive, kNegative};
  const std::vector<TupleLabel> moved = {kQuery, kNegative, kPositive, kNegative, kPositive, kNegative};
  const at::Tensor x_ND = x_ND_.narrow(0, 0, 6);
  const auto f = [&](const at::Tensor& x) { return loss_(x, labels); };
  const auto g = [&](const at::Tensor& x) { return loss_(x, moved); };
  const at::Tensor y_ND = x_ND.index_select(0, order);
  EXPECT_NEAR(g(y_ND).item<double>(), f(x_ND).item<double>(), 1e-12);
  EXPECT_LT(RelativeError(AutogradGradient(g, y_ND), AutogradGradient(f, x_ND).index_select(0, order)),
            1e-12);
}

TEST_P(EveryLoss, ATurnOfAllDescriptorsDoesNotMatter) {
  // Only the 1e-6 of the contrastive loss has a direction.
  const at::Tensor turned_ND = at::cat({x_ND_.narrow(1, 1, 3), -x_ND_.narrow(1, 0, 1)}, 1);
  const double value = loss_(x_ND_, kUnevenLabels).item<double>();
  EXPECT_NEAR(loss_(turned_ND, kUnevenLabels).item<double>(), value, 1e-4 * value);
}

TEST_P(EveryLoss, FallsAsNegativesLeaveAndPositivesCome) {
  const auto at_angles = [&](double positive, double negative) {
    const std::vector<double> values = {
        1, 0, std::cos(positive), std::sin(positive), std::cos(negative), -std::sin(negative)};
    return loss_(at::tensor(values, at::kDouble).view({3, 2}), {kQuery, kPositive, kNegative}).item<double>();
  };
  EXPECT_GT(at_angles(0.4, 0.3), at_angles(0.2, 0.3));
  EXPECT_GT(at_angles(0.4, 0.3), at_angles(0.4, 0.5));
}

TEST_P(EveryLoss, NearlyVanishesForASatisfiedTuple) {
  LossOptions options(GetParam().kind());  // by default
  if (auto* triplet = options.If<TripletLossOptions>()) *triplet = *GetParam().If<TripletLossOptions>();
  const TupleLoss loss = MakeLoss(options);
  const auto f = [&](const at::Tensor& x) { return loss(x, {kQuery, kPositive, kNegative}); };
  const auto rows = [](double positive, double negative) {
    return at::tensor(std::vector<double>{1, 0, positive, 0, negative, 0}, at::kDouble).view({3, 2});
  };
  const at::Tensor satisfied = rows(1, -1);
  const at::Tensor reversed = rows(-1, 1);
  EXPECT_LT(f(satisfied).item<double>(), 1e-3 * f(reversed).item<double>());
  EXPECT_LT(AutogradGradient(f, satisfied).abs().max().item<double>(),
            1e-2 * AutogradGradient(f, rows(0.5, 0.5)).abs().max().item<double>());
}

TEST_P(EveryLoss, GradientIsFiniteWhereDescriptorsCoincide) {
  const auto f = [&](const at::Tensor& x) { return loss_(x, {kQuery, kPositive, kNegative}); };
  EXPECT_TRUE(at::isfinite(AutogradGradient(f, at::zeros({3, 4}, at::kDouble))).all().item<bool>());
}

TEST_P(EveryLoss, AQueryAloneHasNoLossAndNoGradient) {
  const auto f = [&](const at::Tensor& x) { return loss_(x, {kQuery}); };
  const at::Tensor x_ND = x_ND_.narrow(0, 0, 1);
  EXPECT_EQ(f(x_ND).item<double>(), 0);
  EXPECT_EQ(AutogradGradient(f, x_ND).abs().max().item<double>(), 0);
}

// Similarities of the first tuple of the uneven batch.
struct PlainTuple {
  std::vector<double> positives;
  std::vector<double> negatives;
};

PlainTuple FirstTuple(const at::Tensor& x_ND) {
  const auto similarity = [&](int64_t row) { return x_ND[0].dot(x_ND[row]).item<double>(); };
  return {{similarity(1), similarity(4)}, {similarity(2), similarity(3), similarity(5)}};
}

double LossOfFirstTuple(const LossOptions& options, const at::Tensor& x_ND) {
  return MakeLoss(options)(x_ND.narrow(0, 0, 6), {kUnevenLabels.begin(), kUnevenLabels.begin() + 6})
      .item<double>();
}

TEST(TripletLoss, TheMeanIsTheSumOverTriplets) {
  TripletLossOptions options{.margin = 0.85};
  const at::Tensor x_ND = RandomDescriptors(6);
  const double sum = LossOfFirstTuple(options, x_ND);
  options.reduction = "mean";
  EXPECT_GT(sum, 0);
  EXPECT_NEAR(LossOfFirstTuple(options, x_ND), sum / 6, 1e-12);
}

TEST(InfoNceLoss, IsThePapersFormula) {
  InfoNceLossOptions options;
  options.temperature = 0.2;
  const at::Tensor x_ND = RandomDescriptors(6);
  const PlainTuple tuple = FirstTuple(x_ND);
  double expected = 0;
  for (const double p : tuple.positives) {
    double all = std::exp(p / 0.2);
    for (const double n : tuple.negatives) all += std::exp(n / 0.2);
    expected -= std::log(std::exp(p / 0.2) / all);
  }
  EXPECT_NEAR(LossOfFirstTuple(options, x_ND), expected, 1e-12);
}

TEST(InfoNceLoss, DoesNotOverflow) {
  InfoNceLossOptions options;
  options.temperature = 1e-4;
  const at::Tensor x_ND = at::tensor(std::vector<float>{1, 0, -1, 0, 1, 0}).view({3, 2});
  EXPECT_NEAR(MakeLoss(options)(x_ND, {kQuery, kPositive, kNegative}).item<double>(), 2e4, 1);
}

TEST(SmoothApLoss, IsThePapersFormula) {
  SmoothApLossOptions options;
  options.temperature = 0.1;
  const at::Tensor x_ND = RandomDescriptors(6);
  const PlainTuple tuple = FirstTuple(x_ND);
  const auto before = [](double other, double own) { return 1 / (1 + std::exp((own - other) / 0.1)); };
  double precision = 0;
  for (size_t i = 0; i < tuple.positives.size(); ++i) {
    double among_positives = 1;
    for (size_t j = 0; j < tuple.positives.size(); ++j) {
      if (j != i) among_positives += before(tuple.positives[j], tuple.positives[i]);
    }
    double among_all = among_positives;
    for (const double n : tuple.negatives) among_all += before(n, tuple.positives[i]);
    precision += among_positives / among_all;
  }
  EXPECT_NEAR(LossOfFirstTuple(options, x_ND), 1 - precision / 2, 1e-12);
}

// With sharp sigmoids it is one minus the average precision of the ranking.
TEST(SmoothApLoss, IsOneMinusApForALowTemperature) {
  SmoothApLossOptions options;
  options.temperature = 1e-4;
  std::vector<double> values = {1, 0};
  for (const double angle : {0.3, 0.1, 0.2, 0.5, 0.4}) {  // two positives at ranks 3 and 4
    values.push_back(std::cos(angle));
    values.push_back(std::sin(angle));
  }
  const at::Tensor x_ND = at::tensor(values, at::kDouble).view({6, 2});
  const double loss =
      MakeLoss(options)(x_ND, {kQuery, kPositive, kNegative, kNegative, kNegative, kPositive}).item<double>();
  EXPECT_NEAR(loss, 1 - (1.0 / 3 + 2.0 / 4) / 2, 1e-12);
}

TEST(MultiSimilarityLoss, IsThePapersFormula) {
  for (const double epsilon : {0.1, 2.0}) {
    MultiSimilarityLossOptions options;
    options.epsilon = epsilon;
    const at::Tensor x_ND = RandomDescriptors(6);
    const auto [positives, negatives] = FirstTuple(x_ND);
    const double worst_positive = std::min(positives[0], positives[1]);
    const double worst_negative = *std::max_element(negatives.begin(), negatives.end());
    double of_positives = 1;
    double of_negatives = 1;
    for (const double p : positives) {
      if (p < worst_negative + epsilon) of_positives += std::exp(-options.alpha * (p - options.lambda));
    }
    for (const double n : negatives) {
      if (n > worst_positive - epsilon) of_negatives += std::exp(options.beta * (n - options.lambda));
    }
    EXPECT_NEAR(LossOfFirstTuple(options, x_ND),
                std::log(of_positives) / options.alpha + std::log(of_negatives) / options.beta, 1e-12)
        << epsilon;
  }
}

TEST(MultiSimilarityLoss, EasyNegativesHaveNoGradient) {
  const MultiSimilarityLossOptions options;
  std::vector<double> values = {1, 0};
  for (const double angle : {0.5, 0.4, 1.5}) {
    values.push_back(std::cos(angle));
    values.push_back(std::sin(angle));
  }
  const auto f = [&](const at::Tensor& x) {
    return MakeLoss(options)(x, {kQuery, kPositive, kNegative, kNegative});
  };
  const at::Tensor gradient = AutogradGradient(f, at::tensor(values, at::kDouble).view({4, 2}));
  EXPECT_GT(gradient[2].abs().max().item<double>(), 0.1);
  EXPECT_EQ(gradient[3].abs().max().item<double>(), 0);
}

TEST(Losses, WrongUseIsAnError) {
  EXPECT_THAT(ErrorOf([] { LossOptions("arcface"); }),
              ::testing::HasSubstr("unknown loss 'arcface'; known are "));
  EXPECT_THAT(ErrorOf([] { MakeLoss(TripletLossOptions{.reduction = "max"}); }),
              ::testing::HasSubstr("must be one of sum, mean"));
}

TEST(Losses, RefuseOptionsThatMeanNothing) {
  EXPECT_THAT(ErrorOf([] { MakeLoss(InfoNceLossOptions{.temperature = 0}); }),
              ::testing::HasSubstr("'infonce.temperature' = 0"));
}

TEST_P(EveryLoss, WantsAQueryFirst) {
  EXPECT_THAT(ErrorOf([&] {
                loss_(at::zeros({1, 4}), {kPositive});
              }),
              ::testing::HasSubstr("starts with a query"));
}

// Training relies on this when it leaves negatives out of the backward pass.
TEST_P(EveryLoss, ANegativeBeyondTheReachHasNoGradient) {
  if (!std::isfinite(loss_.reach)) GTEST_SKIP() << "this loss reaches everywhere";
  const auto gradient_at = [&](double distance) {
    const double angle = 2 * std::asin(distance / 2);
    const std::vector<double> values = {
        1, 0, std::cos(0.4), std::sin(0.4), std::cos(angle), -std::sin(angle)};
    const auto f = [&](const at::Tensor& x) { return loss_(x, {kQuery, kPositive, kNegative}); };
    return AutogradGradient(f, at::tensor(values, at::kDouble).view({3, 2}))[2].abs().max().item<double>();
  };
  EXPECT_GT(gradient_at(loss_.reach - 0.01), 1e-3);
  EXPECT_EQ(gradient_at(loss_.reach + 0.01), 0);
}

}  // namespace
}  // namespace vantage::nn
