// SPDX-License-Identifier: BSD-3-Clause
#include <ATen/TensorOperators.h>
#include <ATen/ops/tensor.h>

#include "nn/tuple_rows.h"

namespace vantage::nn {
namespace {

constexpr double kDistanceEpsilon = 1e-6;

}  // namespace

at::Tensor ContrastiveLoss(const at::Tensor& descriptors_ND, const std::vector<TupleLabel>& labels,
                           const LossOptions& options) {
  RowIndices queries;
  RowIndices others;
  std::vector<float> is_positive;
  const auto add = [&](const TupleRows& tuple, const RowIndices& rows, float y) {
    queries.insert(queries.end(), rows.size(), tuple.query);
    others.insert(others.end(), rows.begin(), rows.end());
    is_positive.insert(is_positive.end(), rows.size(), y);
  };
  for (const TupleRows& tuple : SplitTuples(labels)) {
    add(tuple, tuple.positives, 1);
    add(tuple, tuple.negatives, 0);
  }
  const at::Tensor y = at::tensor(is_positive).to(descriptors_ND.options());
  const at::Tensor difference = TakeRows(descriptors_ND, queries) - TakeRows(descriptors_ND, others);
  const at::Tensor d = (difference + kDistanceEpsilon).square().sum(1).sqrt();
  // Equation (3)
  return (0.5 * y * d.square() + 0.5 * (1 - y) * (options.margin - d).clamp_min(0).square()).sum();
}

}  // namespace vantage::nn
