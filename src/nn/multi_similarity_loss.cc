// SPDX-License-Identifier: BSD-3-Clause
#include <ATen/TensorOperators.h>

#include "nn/tuple_rows.h"

namespace vantage::nn {

at::Tensor MultiSimilarityLoss(const at::Tensor& descriptors_ND, const std::vector<TupleLabel>& labels,
                               const LossOptions& options) {
  at::Tensor loss = ZeroLoss(descriptors_ND);
  for (const TupleRows& tuple : SplitTuples(labels)) {
    if (tuple.positives.empty() || tuple.negatives.empty()) continue;
    const auto [positives_P, negatives_N] = SimilaritiesToQuery(descriptors_ND, tuple);
    const at::Tensor hard_positives =
        positives_P.masked_select(positives_P < negatives_N.max() + options.epsilon);
    const at::Tensor hard_negatives =
        negatives_N.masked_select(negatives_N > positives_P.min() - options.epsilon);
    loss = loss + LogOnePlusSumExp(-options.alpha * (hard_positives - options.lambda)) / options.alpha +
           LogOnePlusSumExp(options.beta * (hard_negatives - options.lambda)) / options.beta;
  }
  return loss;
}

}  // namespace vantage::nn
