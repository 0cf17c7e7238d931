// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "vantage/losses.h"
#include "vantage/torch.h"

namespace vantage::nn {

// TPAMI 2019, eq. (3): the sum over pairs of the query and another of its tuple of 1/2 y d^2 + 1/2 (1 - y)
// max(0, margin - d)^2, where y is 1 for a positive and d = ||q - x + 1e-6||.
// Differs from the paper: the 1e-6, added to each coordinate, is cirtorch's; it keeps the gradient finite at
// d = 0.
at::Tensor ContrastiveLoss(const at::Tensor& descriptors_ND, const std::vector<TupleLabel>& labels,
                           const LossOptions& options);

// The sum or the mean over all triplets, a query, a positive and a negative of its tuple, of
// max(0, ||q - p||^2 - ||q - n||^2 + margin). The mean over no triplet is 0.
at::Tensor TripletLoss(const at::Tensor& descriptors_ND, const std::vector<TupleLabel>& labels,
                       const LossOptions& options);

// Wang et al., "Multi-Similarity Loss with General Pair Weighting for Deep Metric Learning", CVPR 2019: the
// sum over queries of
//   1/alpha log(1 + sum_p exp(-alpha (s_p - lambda))) + 1/beta log(1 + sum_n exp(beta (s_n - lambda))),
// s = <q, x>, over the positives with s_p < max_n s_n + epsilon and the negatives with
// s_n > min_p s_p - epsilon.
// Differs from the paper: the sum over anchors, as the other losses have it, not the mean; only queries are
// anchors.
at::Tensor MultiSimilarityLoss(const at::Tensor& descriptors_ND, const std::vector<TupleLabel>& labels,
                               const LossOptions& options);

// Brown et al., "Smooth-AP: Smoothing the Path Towards Large-Scale Image Retrieval", ECCV 2020: the sum over
// queries of 1 - AP, where a rank is 1 + sum_j sigmoid((s_j - s_i) / rank_temperature) and AP the mean over
// positives of the rank among positives over the rank among all of the tuple. A tuple without positives
// counts 0.
// Differs from the paper: the sum over queries, not the mean.
at::Tensor SmoothApLoss(const at::Tensor& descriptors_ND, const std::vector<TupleLabel>& labels,
                        const LossOptions& options);

// InfoNCE (van den Oord et al., "Representation Learning with Contrastive Predictive Coding", 2018, eq. (4)):
// the sum over positives of -log(exp(s_p / t) / (exp(s_p / t) + sum_n exp(s_n / t))), s = <q, x>, t the
// temperature, over the negatives of the tuple.
at::Tensor InfoNceLoss(const at::Tensor& descriptors_ND, const std::vector<TupleLabel>& labels,
                       const LossOptions& options);

// Throws UsageError for an unknown name, listing those of LossNames, or reduction.
TupleLoss MakeLoss(const LossOptions& options);
// "contrastive", "infonce", "multi_similarity", "smooth_ap", "triplet", then those of RegisterLoss.
std::vector<std::string> LossNames();

}  // namespace vantage::nn
