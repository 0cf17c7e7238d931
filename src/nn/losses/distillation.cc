// SPDX-License-Identifier: BSD-3-Clause
#include <ATen/TensorOperators.h>
#include <ATen/core/Reduction.h>
#include <ATen/ops/huber_loss.h>

#include <algorithm>
#include <utility>

#include "nn/losses/losses.h"
#include "nn/losses/tuple_rows.h"
#include "util/check.h"

namespace vantage {
namespace {

constexpr double kLeastSquaredDistance = 1e-12;  // of Park et al.'s code; keeps the gradient finite at 0

// Pairs of a tuple's rows.
struct RowPairs {
  nn::RowIndices first;
  nn::RowIndices second;
};

RowPairs PairsOf(const nn::TupleRows& tuple) {
  nn::RowIndices rows = {tuple.query};
  rows.insert(rows.end(), tuple.positives.begin(), tuple.positives.end());
  rows.insert(rows.end(), tuple.negatives.begin(), tuple.negatives.end());
  RowPairs pairs;
  for (size_t i = 0; i < rows.size(); ++i) {
    for (size_t j = i + 1; j < rows.size(); ++j) {
      pairs.first.push_back(rows[i]);
      pairs.second.push_back(rows[j]);
    }
  }
  return pairs;
}

// Distances of the pairs, divided by their mean.
at::Tensor RelativeDistances(const at::Tensor& x_ND, const RowPairs& pairs) {
  const at::Tensor difference = nn::TakeRows(x_ND, pairs.first) - nn::TakeRows(x_ND, pairs.second);
  const at::Tensor distances = difference.square().sum(1).clamp_min(kLeastSquaredDistance).sqrt();
  return distances / distances.mean();
}

at::Tensor Distill(const LossInput& input, const DistillationLossOptions& options) {
  const at::Tensor& student_ND = input.descriptors_ND;
  VANTAGE_CHECK(input.teacher_ND.defined() && input.teacher_ND.size(0) == student_ND.size(0),
                "distillation: a row of the teacher is needed for each descriptor");
  const at::Tensor teacher_ND = input.teacher_ND.to(student_ND.options());
  at::Tensor loss = nn::ZeroLoss(student_ND);
  if (options.descriptor_weight > 0) {
    VANTAGE_CHECK(teacher_ND.size(1) == student_ND.size(1), "distillation: a teacher of ", teacher_ND.size(1),
                  " dimensions, descriptors of ", student_ND.size(1));
    loss = loss + 0.5 * options.descriptor_weight * (student_ND - teacher_ND).square().sum();
  }
  if (options.relation_weight > 0) {
    for (const nn::TupleRows& tuple : nn::SplitTuples(input.labels_N)) {
      const RowPairs pairs = PairsOf(tuple);
      if (pairs.first.empty()) continue;
      loss = loss + options.relation_weight * at::huber_loss(RelativeDistances(student_ND, pairs),
                                                             RelativeDistances(teacher_ND, pairs),
                                                             at::Reduction::Sum, /*delta=*/1);
    }
  }
  return loss;
}

TupleLoss MakeDistillation(const DistillationLossOptions& options) {
  constexpr const char* kBeside = "loss.distillation.beside";
  if (options.teacher.empty())
    throw UsageError("loss.distillation.teacher names neither a model nor a descriptor file");
  if (options.descriptor_weight == 0 && options.relation_weight == 0) {
    throw UsageError(
        "loss.distillation: descriptor_weight and relation_weight are 0, so that nothing is learned from the "
        "teacher");
  }
  TupleLoss loss{.forward = [options](const LossInput& input) { return Distill(input, options); },
                 .teacher = TeacherWish{options.teacher, options.descriptor_weight > 0}};
  if (options.beside.empty()) return loss;
  LossOptions chosen;
  SetChoice(chosen, options.beside, kBeside);
  if (chosen.If<DistillationLossOptions>() != nullptr)
    throw UsageError(StrCat(kBeside, ": a second teacher is not possible"));
  TupleLoss beside = nn::MakeLoss(chosen);
  if (beside.teacher) throw UsageError(StrCat(kBeside, ": ", chosen.kind(), " needs a teacher of its own"));
  loss.triplet_margin = beside.triplet_margin;
  loss.forward = [alone = std::move(loss.forward), beside = std::move(beside)](const LossInput& input) {
    return alone(input) + beside.forward(input);
  };
  return loss;
}

}  // namespace

void Declare(OptionsDescription& description, DistillationLossOptions& options) {
  description.Add(
      "teacher", options.teacher,
      "Model (with its whitening, size and scales), or descriptor file (.npy, .h5) of the training "
      "set's photos, which the network learns from");
  description
      .Add("descriptor_weight", options.descriptor_weight,
           "Weight of 1/2 ||s - t||^2 for each photo; needs a teacher of the network's dimension, or one of "
           "more, which a PCA reduces")
      .AtLeast(0);
  description
      .Add("relation_weight", options.relation_weight,
           "Weight of the differences between the relative distances of a tuple's photos (Park et al., CVPR "
           "2019); a teacher of any dimension")
      .AtLeast(0);
  description
      .Add("beside", options.beside,
           "Another loss that is added, such as contrastive:margin=0.7; empty: none")
      .KindOf(LossFamily::Table());
}

namespace nn {

LossRow DistillationLoss() {
  return MakeLossRow<DistillationLossOptions>(
      "The descriptors that a teacher has of the same photos, alone or beside another loss",
      MakeDistillation);
}

}  // namespace nn

}  // namespace vantage
