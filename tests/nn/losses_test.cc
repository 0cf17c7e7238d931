// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/nn/losses.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "testing/files.h"
#include "testing/tensors.h"
#include "vantage/util/file.h"
#include "vantage/util/random.h"

namespace vantage {
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
  const TupleLoss loss = MakeLoss(GetParam().loss, std::stod(GetParam().margin));
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

// Tuples of different sizes: a query with two negatives, and one with none.
const std::vector<TupleLabel> kUnevenLabels = {kQuery, kPositive, kNegative, kNegative, kQuery, kPositive};

at::Tensor RandomDescriptors(int64_t count) {
  RandomStream random(1, "descriptors");
  std::vector<double> values;
  for (int64_t i = 0; i < count * 4; ++i) values.push_back(random.Normal());
  at::Tensor x_ND = at::tensor(values, at::kDouble).reshape({count, 4});
  return x_ND / x_ND.norm(2, {1}, true);
}

TEST(Losses, UnevenTuplesAreTheSumOfEach) {
  const at::Tensor x_ND = RandomDescriptors(6);
  for (const std::string& name : LossNames()) {
    const TupleLoss loss = MakeLoss(name, 0.9);
    const double together = loss(x_ND, kUnevenLabels).item<double>();
    const double first = loss(x_ND.narrow(0, 0, 4), {kQuery, kPositive, kNegative, kNegative}).item<double>();
    const double second = loss(x_ND.narrow(0, 4, 2), {kQuery, kPositive}).item<double>();
    EXPECT_NEAR(together, first + second, 1e-12) << name;
  }
}

TEST(Losses, GradientsMatchCentralDifferences) {
  const at::Tensor x_ND = RandomDescriptors(6);
  for (const std::string& name : LossNames()) {
    const TupleLoss loss = MakeLoss(name, 1.1);
    const auto f = [&](const at::Tensor& x) { return loss(x, kUnevenLabels); };
    EXPECT_LT(RelativeError(AutogradGradient(f, x_ND), NumericalGradient(f, x_ND, 1e-6)), 1e-6) << name;
  }
}

TEST(Losses, VanishForASatisfiedTuple) {
  const at::Tensor x_ND = at::tensor(std::vector<double>{1, 0, 1, 0, -1, 0}, at::kDouble).view({3, 2});
  EXPECT_NEAR(ContrastiveLoss(x_ND, {kQuery, kPositive, kNegative}, 0.7).item<double>(), 0, 1e-10);
  EXPECT_EQ(TripletLoss(x_ND, {kQuery, kPositive, kNegative}, 0.1).item<double>(), 0);
}

TEST(Losses, GradientIsFiniteWhereDescriptorsCoincide) {
  const auto f = [](const at::Tensor& x) { return ContrastiveLoss(x, {kQuery, kPositive, kNegative}, 0.7); };
  EXPECT_TRUE(at::isfinite(AutogradGradient(f, at::zeros({3, 4}, at::kDouble))).all().item<bool>());
}

TEST(Losses, WrongUseIsAnError) {
  EXPECT_THAT(ErrorOf([] { MakeLoss("arcface", 1); }),
              ::testing::HasSubstr("known are contrastive, triplet"));
  EXPECT_THAT(ErrorOf([] {
                ContrastiveLoss(at::zeros({1, 4}), {kPositive}, 1);
              }),
              ::testing::HasSubstr("starts with a query"));
}

}  // namespace
}  // namespace vantage
