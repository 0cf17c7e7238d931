// SPDX-License-Identifier: BSD-3-Clause
#include "nn/losses/tuple_rows.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/logsumexp.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include "util/check.h"

namespace vantage::nn {

std::vector<TupleRows> SplitTuples(const std::vector<TupleLabel>& labels) {
  VANTAGE_CHECK(!labels.empty() && labels[0] == TupleLabel::kQuery,
                "loss: a batch of tuples starts with a query");
  std::vector<TupleRows> tuples;
  for (size_t i = 0; i < labels.size(); ++i) {
    const auto row = static_cast<int64_t>(i);
    if (labels[i] == TupleLabel::kQuery) {
      tuples.push_back({row, {}, {}});
    } else {
      TupleRows& tuple = tuples.back();
      (labels[i] == TupleLabel::kPositive ? tuple.positives : tuple.negatives).push_back(row);
    }
  }
  return tuples;
}

at::Tensor TakeRows(const at::Tensor& descriptors_ND, const RowIndices& rows) {
  return descriptors_ND.index_select(0, at::tensor(rows, at::kLong).to(descriptors_ND.device()));
}

TupleSimilarities SimilaritiesToQuery(const at::Tensor& descriptors_ND, const TupleRows& tuple) {
  const at::Tensor query_D = descriptors_ND.select(0, tuple.query);
  return {TakeRows(descriptors_ND, tuple.positives).mv(query_D),
          TakeRows(descriptors_ND, tuple.negatives).mv(query_D)};
}

at::Tensor ZeroLoss(const at::Tensor& descriptors_ND) { return descriptors_ND.narrow(0, 0, 0).sum(); }

at::Tensor LogOnePlusSumExp(const at::Tensor& x_N) {
  return at::logsumexp(at::cat({at::zeros({1}, x_N.options()), x_N}), {0});
}

}  // namespace vantage::nn
