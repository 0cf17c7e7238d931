// SPDX-License-Identifier: BSD-3-Clause
#include <ATen/TensorOperators.h>

#include "nn/losses/losses.h"
#include "nn/losses/tuple_rows.h"

namespace vantage {
namespace {

// For each of `places` how many of `others` stand before it, with soft edges. P, M to P.
at::Tensor CountBefore(const at::Tensor& places_P, const at::Tensor& others_M, double temperature) {
  return ((others_M.unsqueeze(0) - places_P.unsqueeze(1)) / temperature).sigmoid().sum(1);
}

at::Tensor SmoothAp(const LossInput& input, double temperature) {
  at::Tensor loss = nn::ZeroLoss(input.descriptors_ND);
  for (const nn::TupleRows& tuple : nn::SplitTuples(input.labels_N)) {
    if (tuple.positives.empty()) continue;
    const auto [positives_P, negatives_N] = nn::SimilaritiesToQuery(input.descriptors_ND, tuple);
    // A positive's sigmoid with itself is 1/2, without gradient.
    const at::Tensor among_positives = 0.5 + CountBefore(positives_P, positives_P, temperature);
    const at::Tensor among_all = among_positives + CountBefore(positives_P, negatives_N, temperature);
    loss = loss + 1 - (among_positives / among_all).mean();
  }
  return loss;
}

}  // namespace

void Declare(OptionsDescription& description, SmoothApLossOptions& options) {
  description
      .Add("temperature", options.temperature, "Divisor of differences of similarities before the sigmoid")
      .Above(0);
}

namespace nn {

LossRow SmoothApLoss() {
  return MakeLossRow<SmoothApLossOptions>(
      "1 - average precision with smooth ranks", [](const SmoothApLossOptions& options) {
        return TupleLoss{
            .forward = [t = options.temperature](const LossInput& input) { return SmoothAp(input, t); }};
      });
}

}  // namespace nn

}  // namespace vantage
