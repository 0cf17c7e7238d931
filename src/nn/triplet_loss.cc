// SPDX-License-Identifier: BSD-3-Clause
#include <ATen/TensorOperators.h>

#include <algorithm>

#include "nn/tuple_rows.h"

namespace vantage::nn {
namespace {

at::Tensor SquaredDistances(const at::Tensor& a_ND, const at::Tensor& b_ND) {
  return (a_ND - b_ND).square().sum(1);
}

}  // namespace

at::Tensor TripletLoss(const at::Tensor& descriptors_ND, const std::vector<TupleLabel>& labels,
                       const LossOptions& options) {
  RowIndices queries;
  RowIndices positives;
  RowIndices negatives;
  for (const TupleRows& tuple : SplitTuples(labels)) {
    for (const int64_t positive : tuple.positives) {
      for (const int64_t negative : tuple.negatives) {
        queries.push_back(tuple.query);
        positives.push_back(positive);
        negatives.push_back(negative);
      }
    }
  }
  const at::Tensor query_TD = TakeRows(descriptors_ND, queries);
  const at::Tensor to_positive = SquaredDistances(query_TD, TakeRows(descriptors_ND, positives));
  const at::Tensor to_negative = SquaredDistances(query_TD, TakeRows(descriptors_ND, negatives));
  const at::Tensor sum = (to_positive - to_negative + options.margin).clamp_min(0).sum();
  if (options.reduction == "sum") return sum;
  return sum / static_cast<double>(std::max<size_t>(1, queries.size()));
}

}  // namespace vantage::nn
