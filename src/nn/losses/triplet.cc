// SPDX-License-Identifier: BSD-3-Clause
#include <ATen/TensorOperators.h>

#include <algorithm>

#include "nn/losses/losses.h"
#include "nn/losses/tuple_rows.h"

namespace vantage {
namespace {

at::Tensor SquaredDistances(const at::Tensor& a_ND, const at::Tensor& b_ND) {
  return (a_ND - b_ND).square().sum(1);
}

at::Tensor Triplet(const LossInput& input, const TripletLossOptions& options) {
  const at::Tensor& descriptors_ND = input.descriptors_ND;
  nn::RowIndices queries;
  nn::RowIndices positives;
  nn::RowIndices negatives;
  for (const nn::TupleRows& tuple : nn::SplitTuples(input.labels_N)) {
    for (const int64_t positive : tuple.positives) {
      for (const int64_t negative : tuple.negatives) {
        queries.push_back(tuple.query);
        positives.push_back(positive);
        negatives.push_back(negative);
      }
    }
  }
  const at::Tensor query_TD = nn::TakeRows(descriptors_ND, queries);
  const at::Tensor to_positive = SquaredDistances(query_TD, nn::TakeRows(descriptors_ND, positives));
  const at::Tensor to_negative = SquaredDistances(query_TD, nn::TakeRows(descriptors_ND, negatives));
  const at::Tensor sum = (to_positive - to_negative + options.margin).clamp_min(0).sum();
  if (options.reduction == "sum") return sum;
  return sum / static_cast<double>(std::max<size_t>(1, queries.size()));
}

}  // namespace

void Declare(OptionsDescription& description, TripletLossOptions& options) {
  description
      .Add("margin", options.margin,
           "Least amount by which a negative's squared distance should exceed a positive's")
      .Range(0, 4);
  description.Add("reduction", options.reduction, "Sum over triplets, or their mean").OneOf({"sum", "mean"});
}

namespace nn {

LossRow TripletLoss() {
  return MakeLossRow<TripletLossOptions>(
      "Negatives farther than positives by the margin", [](const TripletLossOptions& options) {
        return TupleLoss{.forward = [options](const LossInput& input) { return Triplet(input, options); },
                         .triplet_margin = options.margin};
      });
}

}  // namespace nn

}  // namespace vantage
