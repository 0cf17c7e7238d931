// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/nn/losses.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/tensor.h>

#include <map>

#include "vantage/util/error.h"

namespace vantage {
namespace {

constexpr double kDistanceEpsilon = 1e-6;

using Indices = std::vector<int64_t>;

at::Tensor Rows(const at::Tensor& descriptors_ND, const Indices& rows) {
  return descriptors_ND.index_select(0, at::tensor(rows, at::kLong).to(descriptors_ND.device()));
}

// The row of each one's query: the latest before it.
Indices QueryOfEach(const std::vector<TupleLabel>& labels) {
  VANTAGE_CHECK(!labels.empty() && labels[0] == TupleLabel::kQuery,
                "loss: a batch of tuples starts with a query");
  Indices query_of;
  int64_t query = 0;
  for (size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] == TupleLabel::kQuery) query = static_cast<int64_t>(i);
    query_of.push_back(query);
  }
  return query_of;
}

at::Tensor SquaredDistances(const at::Tensor& a_ND, const at::Tensor& b_ND) {
  return (a_ND - b_ND).square().sum(1);
}

using Loss = at::Tensor (*)(const at::Tensor&, const std::vector<TupleLabel>&, double);

const std::map<std::string, Loss>& Losses() {
  static const std::map<std::string, Loss> kLosses = {{"contrastive", ContrastiveLoss},
                                                      {"triplet", TripletLoss}};
  return kLosses;
}

}  // namespace

at::Tensor ContrastiveLoss(const at::Tensor& descriptors_ND, const std::vector<TupleLabel>& labels,
                           double margin) {
  const Indices query_of = QueryOfEach(labels);
  Indices queries;
  Indices others;
  std::vector<float> is_positive;
  for (size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] == TupleLabel::kQuery) continue;
    queries.push_back(query_of[i]);
    others.push_back(static_cast<int64_t>(i));
    is_positive.push_back(labels[i] == TupleLabel::kPositive ? 1.0F : 0.0F);
  }
  const at::Tensor y = at::tensor(is_positive).to(descriptors_ND.options());
  const at::Tensor difference = Rows(descriptors_ND, queries) - Rows(descriptors_ND, others);
  const at::Tensor d = (difference + kDistanceEpsilon).square().sum(1).sqrt();
  // Equation (3)
  return (0.5 * y * d.square() + 0.5 * (1 - y) * (margin - d).clamp_min(0).square()).sum();
}

at::Tensor TripletLoss(const at::Tensor& descriptors_ND, const std::vector<TupleLabel>& labels,
                       double margin) {
  const Indices query_of = QueryOfEach(labels);
  Indices queries;
  Indices positives;
  Indices negatives;
  for (size_t p = 0; p < labels.size(); ++p) {
    if (labels[p] != TupleLabel::kPositive) continue;
    for (size_t n = 0; n < labels.size(); ++n) {
      if (labels[n] != TupleLabel::kNegative || query_of[n] != query_of[p]) continue;
      queries.push_back(query_of[p]);
      positives.push_back(static_cast<int64_t>(p));
      negatives.push_back(static_cast<int64_t>(n));
    }
  }
  const at::Tensor query_TD = Rows(descriptors_ND, queries);
  const at::Tensor to_positive = SquaredDistances(query_TD, Rows(descriptors_ND, positives));
  const at::Tensor to_negative = SquaredDistances(query_TD, Rows(descriptors_ND, negatives));
  return (to_positive - to_negative + margin).clamp_min(0).sum();
}

TupleLoss MakeLoss(const std::string& name, double margin) {
  const auto found = Losses().find(name);
  if (found == Losses().end()) {
    throw UsageError(StrCat("unknown loss '", name, "'; known are ", Join(LossNames(), ", ")));
  }
  return [loss = found->second, margin](const at::Tensor& descriptors_ND,
                                        const std::vector<TupleLabel>& labels) {
    return loss(descriptors_ND, labels, margin);
  };
}

std::vector<std::string> LossNames() {
  std::vector<std::string> names;
  for (const auto& [name, loss] : Losses()) names.push_back(name);
  return names;
}

}  // namespace vantage
