// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <string>
#include <vector>

namespace vantage {

// What a descriptor is within a batch of tuples, as cirtorch labels them. A query starts a new tuple.
enum class TupleLabel { kQuery = -1, kNegative = 0, kPositive = 1 };

// A loss: descriptors (N x D) and their labels (N) in, a scalar out.
using TupleLoss =
    std::function<at::Tensor(const at::Tensor& descriptors_ND, const std::vector<TupleLabel>& labels)>;

// TPAMI 2019, eq. (3): the sum over pairs of the query and another of its tuple of 1/2 y d^2 + 1/2 (1 - y)
// max(0, margin - d)^2, where y is 1 for a positive and d = ||q - x + 1e-6||.
// Differs from the paper: the 1e-6, added to each coordinate, is cirtorch's; it keeps the gradient finite at
// d = 0.
at::Tensor ContrastiveLoss(const at::Tensor& descriptors_ND, const std::vector<TupleLabel>& labels,
                           double margin);

// As cirtorch has it: the sum over each tuple's pairs of a positive and a negative of
// max(0, ||q - p||^2 - ||q - n||^2 + margin).
at::Tensor TripletLoss(const at::Tensor& descriptors_ND, const std::vector<TupleLabel>& labels,
                       double margin);

// "contrastive" or "triplet". Throws UsageError that lists them.
TupleLoss MakeLoss(const std::string& name, double margin);
std::vector<std::string> LossNames();

}  // namespace vantage
