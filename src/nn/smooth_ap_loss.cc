// SPDX-License-Identifier: BSD-3-Clause
#include <ATen/TensorOperators.h>

#include "nn/tuple_rows.h"

namespace vantage::nn {
namespace {

// For each of `places` how many of `others` stand before it, with soft edges. P, M to P.
at::Tensor CountBefore(const at::Tensor& places_P, const at::Tensor& others_M, double temperature) {
  return ((others_M.unsqueeze(0) - places_P.unsqueeze(1)) / temperature).sigmoid().sum(1);
}

}  // namespace

at::Tensor SmoothApLoss(const at::Tensor& descriptors_ND, const std::vector<TupleLabel>& labels,
                        const LossOptions& options) {
  at::Tensor loss = ZeroLoss(descriptors_ND);
  for (const TupleRows& tuple : SplitTuples(labels)) {
    if (tuple.positives.empty()) continue;
    const auto [positives_P, negatives_N] = SimilaritiesToQuery(descriptors_ND, tuple);
    // A positive's sigmoid with itself is 1/2, without gradient.
    const at::Tensor among_positives = 0.5 + CountBefore(positives_P, positives_P, options.rank_temperature);
    const at::Tensor among_all =
        among_positives + CountBefore(positives_P, negatives_N, options.rank_temperature);
    loss = loss + 1 - (among_positives / among_all).mean();
  }
  return loss;
}

}  // namespace vantage::nn
