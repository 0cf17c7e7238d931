// SPDX-License-Identifier: BSD-3-Clause
#include "nn/losses.h"

#include <algorithm>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "util/string.h"
#include "vantage/error.h"

namespace vantage {
namespace {

using LossFunction = at::Tensor (*)(const at::Tensor&, const std::vector<TupleLabel>&, const LossOptions&);

struct LossRow {
  std::string name;
  LossMaker make;
};

LossRow RowOfLoss(const char* name, LossFunction loss) {
  return {name, [loss](const LossOptions& options) -> TupleLoss {
            return [loss, options](const at::Tensor& descriptors_ND, const std::vector<TupleLabel>& labels) {
              return loss(descriptors_ND, labels, options);
            };
          }};
}

// Guards Losses(), which programs may add to.
std::mutex losses_mutex;

std::vector<LossRow>& Losses() {
  static std::vector<LossRow> losses = {
      RowOfLoss("contrastive", nn::ContrastiveLoss), RowOfLoss("infonce", nn::InfoNceLoss),
      RowOfLoss("multi_similarity", nn::MultiSimilarityLoss), RowOfLoss("smooth_ap", nn::SmoothApLoss),
      RowOfLoss("triplet", nn::TripletLoss)};
  return losses;
}

// Empty if there is none of that name.
LossMaker FindLoss(const std::string& name) {
  const std::scoped_lock lock(losses_mutex);
  for (const LossRow& row : Losses()) {
    if (row.name == name) return row.make;
  }
  return {};
}

}  // namespace

void RegisterLoss(const std::string& name, LossMaker make) {
  if (name.empty() || !make) throw UsageError("a loss needs a name and a function that makes it");
  const std::scoped_lock lock(losses_mutex);
  std::vector<LossRow>& losses = Losses();
  if (std::any_of(losses.begin(), losses.end(), [&](const LossRow& row) { return row.name == name; }))
    throw UsageError(StrCat("there is a loss '", name, "' already"));
  losses.push_back({name, std::move(make)});
}

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

TupleLoss nn::MakeLoss(const LossOptions& options) {
  CheckOptions(options);
  return FindLoss(options.name)(options);
}

std::vector<std::string> nn::LossNames() {
  const std::scoped_lock lock(losses_mutex);
  std::vector<std::string> names;
  for (const LossRow& row : Losses()) names.push_back(row.name);
  return names;
}

}  // namespace vantage
