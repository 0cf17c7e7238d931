// SPDX-License-Identifier: BSD-3-Clause
#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include <cmath>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "nn/losses/losses.h"
#include "testing/files.h"
#include "testing/tensors.h"
#include "util/file.h"
#include "util/random.h"
#include "util/subprocess.h"

namespace vantage::nn {
namespace {

using ::testing::HasSubstr;
using vantage::testing::AutogradGradient;
using vantage::testing::ErrorOf;
using vantage::testing::NumericalGradient;
using vantage::testing::RelativeError;

constexpr auto kQuery = TupleLabel::kQuery;
constexpr auto kPositive = TupleLabel::kPositive;
constexpr auto kNegative = TupleLabel::kNegative;

// A tuple of six photos, a query alone, a tuple of three.
const std::vector<TupleLabel> kLabels = {kQuery,    kPositive, kNegative, kNegative, kPositive,
                                         kNegative, kQuery,    kQuery,    kPositive, kNegative};

at::Tensor UnitRows(const char* purpose, int64_t rows, int64_t dimension) {
  RandomStream random(1, purpose);
  std::vector<double> values;
  for (int64_t i = 0; i < rows * dimension; ++i) values.push_back(random.Normal());
  const at::Tensor x_ND = at::tensor(values, at::kDouble).reshape({rows, dimension});
  return x_ND / x_ND.norm(2, {1}, true);
}

DistillationLossOptions Options(double descriptors, double relations, const std::string& beside = "") {
  return {.teacher = "teacher.pth",
          .descriptor_weight = descriptors,
          .relation_weight = relations,
          .beside = beside};
}

class DistillationLoss : public ::testing::TestWithParam<DistillationLossOptions> {
 protected:
  const TupleLoss loss_ = MakeLoss(GetParam());
  const at::Tensor student_ = UnitRows("student", 10, 4);
  // Relations alone need no teacher of the student's dimension.
  const at::Tensor teacher_ = UnitRows("teacher", 10, GetParam().descriptor_weight > 0 ? 4 : 7);
};

INSTANTIATE_TEST_SUITE_P(All, DistillationLoss,
                         ::testing::Values(Options(2, 0), Options(0, 3), Options(2, 3),
                                           Options(2, 3, "contrastive:margin=1.1"),
                                           Options(0, 1, "triplet:margin=1.1")));

TEST_P(DistillationLoss, GradientMatchesCentralDifferences) {
  const auto f = [&](const at::Tensor& x) { return loss_(x, kLabels, teacher_); };
  const at::Tensor gradient = AutogradGradient(f, student_);
  EXPECT_GT(gradient.abs().max().item<double>(), 1e-3);
  EXPECT_LT(RelativeError(gradient, NumericalGradient(f, student_, 1e-6)), 1e-6);
}

TEST_P(DistillationLoss, ABatchIsTheSumOfItsTuples) {
  double sum = 0;
  for (const auto& [begin, count] : std::vector<std::pair<int64_t, int64_t>>{{0, 6}, {6, 1}, {7, 3}}) {
    sum += loss_(student_.narrow(0, begin, count), {kLabels.begin() + begin, kLabels.begin() + begin + count},
                 teacher_.narrow(0, begin, count))
               .item<double>();
  }
  EXPECT_NEAR(loss_(student_, kLabels, teacher_).item<double>(), sum, 1e-12);
}

TEST_P(DistillationLoss, OrderWithinATupleDoesNotMatter) {
  const at::Tensor order = at::tensor(std::vector<int64_t>{0, 5, 4, 2, 1, 3}, at::kLong);
  const std::vector<TupleLabel> labels(kLabels.begin(), kLabels.begin() + 6);
  const std::vector<TupleLabel> moved = {kQuery, kNegative, kPositive, kNegative, kPositive, kNegative};
  const at::Tensor x = student_.narrow(0, 0, 6);
  const at::Tensor t = teacher_.narrow(0, 0, 6);
  EXPECT_NEAR(loss_(x.index_select(0, order), moved, t.index_select(0, order)).item<double>(),
              loss_(x, labels, t).item<double>(), 1e-12);
}

TEST_P(DistillationLoss, GradientIsFiniteWhereDescriptorsCoincide) {
  const auto f = [&](const at::Tensor& x) { return loss_(x, kLabels, teacher_); };
  EXPECT_TRUE(at::isfinite(AutogradGradient(f, at::zeros({10, 4}, at::kDouble))).all().item<bool>());
}

// A student that is its teacher has nothing to learn from it.
TEST_P(DistillationLoss, IsThatOfTheLossBesideItForAStudentLikeItsTeacher) {
  const std::string& beside = GetParam().beside;
  LossOptions options;
  if (!beside.empty()) SetChoice(options, beside, "test");
  const double expected = beside.empty() ? 0 : MakeLoss(options)(student_, kLabels).item<double>();
  EXPECT_EQ(loss_(student_, kLabels, student_).item<double>(), expected);
  if (!beside.empty()) return;
  const auto f = [&](const at::Tensor& x) { return loss_(x, kLabels, student_); };
  EXPECT_EQ(AutogradGradient(f, student_).abs().max().item<double>(), 0);
}

// Negatives beyond the reach of the loss beside it still learn from the teacher, so that they need a backward
// pass.
TEST_P(DistillationLoss, ReachesEveryNegative) {
  EXPECT_EQ(loss_.reach, std::numeric_limits<double>::infinity());
  const at::Tensor opposite =
      at::tensor(std::vector<double>{1, 0, 0.8, 0.6, -1, 0}, at::kDouble).view({3, 2});
  const at::Tensor teacher = at::tensor(std::vector<double>{1, 0, 0, 1, 0, -1}, at::kDouble).view({3, 2});
  const auto f = [&](const at::Tensor& x) { return loss_(x, {kQuery, kPositive, kNegative}, teacher); };
  EXPECT_GT(AutogradGradient(f, opposite)[2].abs().max().item<double>(), 1e-3);
}

TEST(Distillation, MinesByTheMarginOfTheLossBesideIt) {
  EXPECT_EQ(MakeLoss(Options(1, 0, "triplet:margin=0.1")).triplet_margin, 0.1);
  EXPECT_EQ(MakeLoss(Options(1, 0)).triplet_margin, std::nullopt);
}

TEST(Distillation, NeedsATeacherOfItsDimensionOnlyForDescriptors) {
  EXPECT_TRUE(MakeLoss(Options(1, 1)).teacher->same_dimension);
  EXPECT_FALSE(MakeLoss(Options(0, 1)).teacher->same_dimension);
  const std::vector<TupleLabel> pair = {kQuery, kPositive};
  EXPECT_THAT(ErrorOf([&] { MakeLoss(Options(1, 0))(UnitRows("a", 2, 4), pair, UnitRows("b", 2, 5)); }),
              HasSubstr("a teacher of 5 dimensions, descriptors of 4"));
  EXPECT_THAT(ErrorOf([&] { MakeLoss(Options(1, 0))(UnitRows("a", 2, 4), pair); }),
              HasSubstr("a row of the teacher is needed"));
}

TEST(Distillation, RefusesOptionsThatMeanNothing) {
  const auto error = [](const DistillationLossOptions& options) {
    return ErrorOf([&] { MakeLoss(options); });
  };
  EXPECT_THAT(error({}), HasSubstr("loss.distillation.teacher names neither"));
  EXPECT_THAT(error(Options(0, 0)), HasSubstr("nothing is learned from the teacher"));
  EXPECT_THAT(error(Options(-1, 0)), HasSubstr("descriptor_weight"));
  EXPECT_THAT(error(Options(1, 0, "contrastiv")), HasSubstr("did you mean 'contrastive'"));
  EXPECT_THAT(error(Options(1, 0, "contrastive:margin=-1")), HasSubstr("margin"));
  EXPECT_THAT(error(Options(1, 0, "distillation")), HasSubstr("a second teacher"));
}

// The same formula in PyTorch, from its own functions.
TEST(Distillation, ValueAndGradientAgreeWithPyTorch) {
  const char* python = std::getenv("VANTAGE_PYTHON");  // NOLINT(concurrency-mt-unsafe)
  if (python == nullptr) GTEST_SKIP() << "needs VANTAGE_PYTHON naming a Python with torch";
  const at::Tensor student = UnitRows("student", 6, 4);
  const at::Tensor teacher = UnitRows("teacher", 6, 4);
  const auto numbers = [](const at::Tensor& x) {
    return std::vector<double>(x.const_data_ptr<double>(), x.const_data_ptr<double>() + x.numel());
  };
  const vantage::testing::TemporaryFolder folder;
  WriteFile(folder / "in.json", nlohmann::json({numbers(student), numbers(teacher)}).dump());
  WriteFile(
      folder / "loss.py",
      "import json, sys, torch\n"
      "s, t = (torch.tensor(x, dtype=torch.float64).view(6, 4) for x in json.load(open(sys.argv[1])))\n"
      "s.requires_grad_()\n"
      "relative = lambda x: torch.pdist(x) / torch.pdist(x).mean()\n"
      "loss = 2 * (1 - torch.nn.functional.cosine_similarity(s, t)).sum()\n"
      "loss = loss + 3 * torch.nn.functional.smooth_l1_loss(relative(s), relative(t), reduction='sum')\n"
      "loss.backward()\n"
      "print(json.dumps([loss.item(), s.grad.flatten().tolist()]))\n");
  const auto [code, output] =
      CaptureCommand({python, (folder / "loss.py").string(), (folder / "in.json").string()});
  ASSERT_EQ(code, 0) << output;
  const nlohmann::json expected = nlohmann::json::parse(output);
  const TupleLoss loss = MakeLoss(Options(2, 3));
  // The cosine's gradient is orthogonal to the descriptor, as that of a network that ends in l2n.
  const auto f = [&](const at::Tensor& x) {
    return loss(x, {kLabels.begin(), kLabels.begin() + 6}, teacher);
  };
  const auto along = [&](const at::Tensor& gradient) {
    return gradient - student * (gradient * student).sum(1, true);
  };
  EXPECT_NEAR(f(student).item<double>(), expected[0].get<double>(), 1e-12);
  const at::Tensor gradient = at::tensor(expected[1].get<std::vector<double>>(), at::kDouble).view({6, 4});
  EXPECT_LT(RelativeError(along(AutogradGradient(f, student)), along(gradient)), 1e-12);
}

}  // namespace
}  // namespace vantage::nn
