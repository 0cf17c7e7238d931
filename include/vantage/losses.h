// SPDX-License-Identifier: BSD-3-Clause
// Losses of training.
#pragma once

#include <string>

#include "vantage/options.h"

namespace vantage {

struct LossOptions {
  // "contrastive", "infonce", "multi_similarity", "smooth_ap", "triplet", or one of RegisterLoss (torch.h).
  std::string name = "contrastive";
  // contrastive, triplet: how far apart non-matching descriptors should be. Range [0, 4].
  double margin = 0.85;  // TPAMI 2019, section 5.1: 0.7 AlexNet, 0.75 VGG, 0.85 ResNet; MVA 2022: 0.1
  // triplet: "sum" over triplets (cirtorch) or their "mean" (MVA 2022).
  std::string reduction = "sum";
  // infonce: what similarities are divided by. Above 0.
  double temperature = 0.07;  // He et al., CVPR 2020 (MoCo)
  // multi_similarity: weights of positives and negatives, above 0; the similarity that they are compared
  // with; and how much a pair may be better than the worst of the other kind before it is left out.
  double alpha = 2;      // Wang et al., CVPR 2019
  double beta = 40;      // of its code; 50 in the paper
  double lambda = 0.5;   // of its code; 1 in the paper
  double epsilon = 0.1;  // of both
  // smooth_ap: differences of similarities are divided by it before the sigmoid. Above 0.
  double rank_temperature = 0.01;  // Brown et al., ECCV 2020
};
void Declare(OptionsDescription& description, LossOptions& options);

}  // namespace vantage
