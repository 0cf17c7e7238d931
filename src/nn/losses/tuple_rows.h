// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "vantage/torch.h"

namespace vantage::nn {

using RowIndices = std::vector<int64_t>;

// Rows of a tuple's descriptors in its batch.
struct TupleRows {
  int64_t query = 0;
  RowIndices positives;
  RowIndices negatives;
};

// Splits a batch into tuples. Throws Error if it does not start with a query.
std::vector<TupleRows> SplitTuples(const std::vector<TupleLabel>& labels);

// The given rows of an N x D tensor.
at::Tensor TakeRows(const at::Tensor& descriptors_ND, const RowIndices& rows);

// Inner products of a tuple's query with its positives and negatives.
struct TupleSimilarities {
  at::Tensor positives_P;
  at::Tensor negatives_N;
};
TupleSimilarities SimilaritiesToQuery(const at::Tensor& descriptors_ND, const TupleRows& tuple);

// A scalar 0 with zero gradient with respect to the descriptors, to which losses are added.
at::Tensor ZeroLoss(const at::Tensor& descriptors_ND);

// log(1 + sum exp(x)), without overflow; 0 if x is empty.
at::Tensor LogOnePlusSumExp(const at::Tensor& x_N);

}  // namespace vantage::nn
