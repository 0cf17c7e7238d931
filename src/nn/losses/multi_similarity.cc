// SPDX-License-Identifier: BSD-3-Clause
#include <ATen/TensorOperators.h>

#include "nn/losses/losses.h"
#include "nn/losses/tuple_rows.h"

namespace vantage {
namespace {

at::Tensor MultiSimilarity(const LossInput& input, const MultiSimilarityLossOptions& options) {
  at::Tensor loss = nn::ZeroLoss(input.descriptors_ND);
  for (const nn::TupleRows& tuple : nn::SplitTuples(input.labels_N)) {
    if (tuple.positives.empty() || tuple.negatives.empty()) continue;
    const auto [positives_P, negatives_N] = nn::SimilaritiesToQuery(input.descriptors_ND, tuple);
    const at::Tensor hard_positives =
        positives_P.masked_select(positives_P < negatives_N.max() + options.epsilon);
    const at::Tensor hard_negatives =
        negatives_N.masked_select(negatives_N > positives_P.min() - options.epsilon);
    loss = loss + nn::LogOnePlusSumExp(-options.alpha * (hard_positives - options.lambda)) / options.alpha +
           nn::LogOnePlusSumExp(options.beta * (hard_negatives - options.lambda)) / options.beta;
  }
  return loss;
}

}  // namespace

void Declare(OptionsDescription& description, MultiSimilarityLossOptions& options) {
  description.Add("alpha", options.alpha, "Weight of positives").Above(0);
  description.Add("beta", options.beta, "Weight of negatives").Above(0);
  description.Add("lambda", options.lambda, "Similarity that positives and negatives are compared with")
      .Range(-1, 1);
  description
      .Add("epsilon", options.epsilon,
           "Pairs that are better by this margin than the worst of the other kind are left out")
      .Range(0, 2);
}

namespace nn {

LossRow MultiSimilarityLoss() {
  return MakeLossRow<MultiSimilarityLossOptions>(
      "Weights pairs by their own and relative similarities", [](const MultiSimilarityLossOptions& options) {
        return TupleLoss{
            .forward = [options](const LossInput& input) { return MultiSimilarity(input, options); }};
      });
}

}  // namespace nn

}  // namespace vantage
