// SPDX-License-Identifier: BSD-3-Clause
#include <ATen/TensorOperators.h>

#include "nn/losses/losses.h"
#include "nn/losses/tuple_rows.h"

namespace vantage {
namespace {

at::Tensor InfoNce(const LossInput& input, double temperature) {
  at::Tensor loss = nn::ZeroLoss(input.descriptors_ND);
  for (const nn::TupleRows& tuple : nn::SplitTuples(input.labels_N)) {
    const auto [positives_P, negatives_N] = nn::SimilaritiesToQuery(input.descriptors_ND, tuple);
    for (int64_t p = 0; p < positives_P.size(0); ++p) {
      // -log(e^p / (e^p + sum e^n)) = log(1 + sum e^(n - p))
      loss = loss + nn::LogOnePlusSumExp((negatives_N - positives_P[p]) / temperature);
    }
  }
  return loss;
}

}  // namespace

void Declare(OptionsDescription& description, InfoNceLossOptions& options) {
  description.Add("temperature", options.temperature, "Divisor of similarities").Above(0);
}

namespace nn {

LossRow InfoNceLoss() {
  return MakeLossRow<InfoNceLossOptions>(
      "Cross entropy of each positive among the negatives", [](const InfoNceLossOptions& options) {
        return TupleLoss{
            .forward = [t = options.temperature](const LossInput& input) { return InfoNce(input, t); }};
      });
}

}  // namespace nn

}  // namespace vantage
