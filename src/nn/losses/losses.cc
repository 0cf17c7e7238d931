// SPDX-License-Identifier: BSD-3-Clause
#include "nn/losses/losses.h"

#include "vantage/error.h"

namespace vantage {

// Each is in the file of its kind.
namespace nn {
LossRow ContrastiveLoss();
LossRow DistillationLoss();
LossRow InfoNceLoss();
LossRow MultiSimilarityLoss();
LossRow SmoothApLoss();
LossRow TripletLoss();
}  // namespace nn

namespace {

Catalogue<nn::LossRow>& Losses() {
  static Catalogue<nn::LossRow> losses(
      "loss", {nn::ContrastiveLoss(), nn::DistillationLoss(), nn::InfoNceLoss(), nn::MultiSimilarityLoss(),
               nn::SmoothApLoss(), nn::TripletLoss()});
  return losses;
}

}  // namespace

const Kinds& LossFamily::Table() { return Losses(); }

void RegisterLoss(Kind kind, std::function<TupleLoss(const LossOptions& options)> make) {
  if (!make) throw UsageError("a loss needs a function that makes it");
  Losses().Add({std::move(kind), std::move(make)});
}

TupleLoss nn::MakeLoss(const LossOptions& options) {
  CheckOptions(options);
  return Losses().At(options.kind()).make(options);
}

}  // namespace vantage
