// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "vantage/torch.h"

namespace vantage::nn {

using RowIndices = std::vector<int64_t>;

// Where the descriptors of a tuple stand in its batch.
struct TupleRows {
  int64_t query = 0;
  RowIndices positives;
  RowIndices negatives;
};

// The tuples of a batch. Throws Error where it does not start with a query.
std::vector<TupleRows> SplitTuples(const std::vector<TupleLabel>& labels);

// Those rows of N x D.
at::Tensor TakeRows(const at::Tensor& descriptors_ND, const RowIndices& rows);

// Inner products of a tuple's query and its others.
struct TupleSimilarities {
  at::Tensor positives_P;
  at::Tensor negatives_N;
};
TupleSimilarities SimilaritiesToQuery(const at::Tensor& descriptors_ND, const TupleRows& tuple);

// A scalar 0 whose gradient with respect to the descriptors is 0: what losses are added to.
at::Tensor ZeroLoss(const at::Tensor& descriptors_ND);

// log(1 + sum exp(x)), without overflow; 0 for no element.
at::Tensor LogOnePlusSumExp(const at::Tensor& x_N);

}  // namespace vantage::nn
