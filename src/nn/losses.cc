// SPDX-License-Identifier: BSD-3-Clause
#include "nn/losses.h"

#include <algorithm>
#include <array>

#include "vantage/error.h"

namespace vantage {
namespace {

struct LossRow {
  const char* name;
  at::Tensor (*loss)(const at::Tensor&, const std::vector<nn::TupleLabel>&, const LossOptions&);
};

constexpr std::array<LossRow, 5> kLosses = {{{"contrastive", nn::ContrastiveLoss},
                                             {"infonce", nn::InfoNceLoss},
                                             {"multi_similarity", nn::MultiSimilarityLoss},
                                             {"smooth_ap", nn::SmoothApLoss},
                                             {"triplet", nn::TripletLoss}}};

}  // namespace

void Declare(OptionsDescription& description, LossOptions& options) {
  description.Add("name", options.name, "Loss over a query, its positive and its negatives")
      .OneOf(nn::LossNames());
  description
      .Add("margin", options.margin, "contrastive, triplet: how far apart non-matching descriptors should be")
      .Range(0, 4);
  description.Add("reduction", options.reduction, "triplet: sum over triplets, or their mean")
      .OneOf({"sum", "mean"});
  description.Add("temperature", options.temperature, "infonce: what similarities are divided by").Above(0);
  description.Add("alpha", options.alpha, "multi_similarity: weight of positives").Above(0);
  description.Add("beta", options.beta, "multi_similarity: weight of negatives").Above(0);
  description.Add("lambda", options.lambda, "multi_similarity: similarity that both kinds are compared with")
      .Range(-1, 1);
  description
      .Add("epsilon", options.epsilon,
           "multi_similarity: a pair better by this than the worst of the other kind is left out")
      .Range(0, 2);
  description
      .Add("rank_temperature", options.rank_temperature,
           "smooth_ap: what differences of similarities are divided by")
      .Above(0);
}

nn::TupleLoss nn::MakeLoss(const LossOptions& options) {
  CheckOptions(options);
  const auto row = std::find_if(kLosses.begin(), kLosses.end(),
                                [&](const LossRow& known) { return options.name == known.name; });
  return [loss = row->loss, options](const at::Tensor& descriptors_ND,
                                     const std::vector<nn::TupleLabel>& labels) {
    return loss(descriptors_ND, labels, options);
  };
}

std::vector<std::string> nn::LossNames() {
  std::vector<std::string> names;
  for (const LossRow& row : kLosses) names.emplace_back(row.name);
  return names;
}

}  // namespace vantage
