// SPDX-License-Identifier: BSD-3-Clause
#include <ATen/TensorOperators.h>

#include "nn/tuple_rows.h"

namespace vantage::nn {

at::Tensor InfoNceLoss(const at::Tensor& descriptors_ND, const std::vector<TupleLabel>& labels,
                       const LossOptions& options) {
  at::Tensor loss = ZeroLoss(descriptors_ND);
  for (const TupleRows& tuple : SplitTuples(labels)) {
    const auto [positives_P, negatives_N] = SimilaritiesToQuery(descriptors_ND, tuple);
    for (int64_t p = 0; p < positives_P.size(0); ++p) {
      // -log(e^p / (e^p + sum e^n)) = log(1 + sum e^(n - p))
      loss = loss + LogOnePlusSumExp((negatives_N - positives_P[p]) / options.temperature);
    }
  }
  return loss;
}

}  // namespace vantage::nn
