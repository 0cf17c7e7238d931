// SPDX-License-Identifier: BSD-3-Clause
#include <ATen/TensorOperators.h>
#include <ATen/ops/tensor.h>

#include "nn/losses/losses.h"
#include "nn/losses/tuple_rows.h"

namespace vantage {
namespace {

constexpr double kDistanceEpsilon = 1e-6;

at::Tensor Contrastive(const LossInput& input, double margin) {
  const at::Tensor& descriptors_ND = input.descriptors_ND;
  nn::RowIndices queries;
  nn::RowIndices others;
  std::vector<float> is_positive;
  const auto add = [&](const nn::TupleRows& tuple, const nn::RowIndices& rows, float y) {
    queries.insert(queries.end(), rows.size(), tuple.query);
    others.insert(others.end(), rows.begin(), rows.end());
    is_positive.insert(is_positive.end(), rows.size(), y);
  };
  for (const nn::TupleRows& tuple : nn::SplitTuples(input.labels_N)) {
    add(tuple, tuple.positives, 1);
    add(tuple, tuple.negatives, 0);
  }
  const at::Tensor y = at::tensor(is_positive).to(descriptors_ND.options());
  const at::Tensor difference = nn::TakeRows(descriptors_ND, queries) - nn::TakeRows(descriptors_ND, others);
  const at::Tensor d = (difference + kDistanceEpsilon).square().sum(1).sqrt();
  // Equation (3)
  return (0.5 * y * d.square() + 0.5 * (1 - y) * (margin - d).clamp_min(0).square()).sum();
}

}  // namespace

void Declare(OptionsDescription& description, ContrastiveLossOptions& options) {
  description.Add("margin", options.margin, "Least distance that non-matching descriptors should have")
      .Range(0, 4);
}

namespace nn {

LossRow ContrastiveLoss() {
  return MakeLossRow<ContrastiveLossOptions>(
      "Pulls positives to the query, pushes negatives out to the margin (TPAMI 2019, eq. 3)",
      [](const ContrastiveLossOptions& options) {
        return TupleLoss{.forward = [margin = options.margin](
                                        const LossInput& input) { return Contrastive(input, margin); },
                         .reach = options.margin};
      });
}

}  // namespace nn

}  // namespace vantage
