// SPDX-License-Identifier: BSD-3-Clause
// Training losses: their kinds and options. A program adds its own with RegisterLoss (torch.h).
#pragma once

#include <string>

#include "vantage/choice.h"
#include "vantage/options.h"

namespace vantage {

// TPAMI 2019, eq. (3): the sum over pairs of the query and another photo of its tuple of
// 1/2 y d^2 + 1/2 (1 - y) max(0, margin - d)^2, with d = ||q - x + 1e-6||, and y 1 for a positive and 0 for a
// negative.
// Differs from the paper: the 1e-6, added to each coordinate, comes from cirtorch; it keeps the gradient
// finite at d = 0.
struct ContrastiveLossOptions {
  static constexpr const char* kKind = "contrastive";
  double margin = 0.85;  // TPAMI 2019, section 5.1: 0.7 AlexNet, 0.75 VGG, 0.85 ResNet
};
void Declare(OptionsDescription& description, ContrastiveLossOptions& options);

// Distillation: the network (the student) learns the descriptors that a teacher has of the same photos. The
// sum over tuples of
//   descriptor_weight sum_i 1/2 ||s_i - t_i||^2
//     + relation_weight sum_{i<j} h(d(s_i, s_j) / m_s - d(t_i, t_j) / m_t) + the loss beside it,
// with s_i and t_i the student's and the teacher's descriptors of the tuple's photo i, and d their distance.
// The first term is regression, 1 - <s_i, t_i> for descriptors of unit length (Budnik and Avrithis,
// "Asymmetric Metric Learning for Knowledge Transfer", CVPR 2021). The second is the distance-wise loss of
// Park et al., "Relational Knowledge Distillation", CVPR 2019: m is the mean of the tuple's distances, and h
// is Huber's loss, 1/2 x^2 up to |x| = 1 and |x| - 1/2 beyond. It needs no teacher of the student's
// dimension. Differs from the papers: sums over photos and pairs, as the other losses do, instead of
// averaging.
struct DistillationLossOptions {
  static constexpr const char* kKind = "distillation";
  // A model, or a descriptor file (IsDescriptorPath) whose names are those of the training set's photos.
  std::string teacher;
  double descriptor_weight = 1;
  double relation_weight = 0;
  // A loss of tuples, as SetChoice reads it ("contrastive:margin=0.7"); "": none. A text, since a choice of a
  // loss cannot contain a choice of a loss.
  std::string beside;
};
void Declare(OptionsDescription& description, DistillationLossOptions& options);

// InfoNCE (van den Oord et al., "Representation Learning with Contrastive Predictive Coding", 2018, eq. (4)):
// the sum over positives of -log(exp(s_p / t) / (exp(s_p / t) + sum_n exp(s_n / t))), where s = <q, x>, t is
// the temperature, and n runs over the negatives of the tuple.
struct InfoNceLossOptions {
  static constexpr const char* kKind = "infonce";
  double temperature = 0.07;  // He et al., CVPR 2020 (MoCo)
};
void Declare(OptionsDescription& description, InfoNceLossOptions& options);

// Wang et al., "Multi-Similarity Loss with General Pair Weighting for Deep Metric Learning", CVPR 2019: the
// sum over queries of
//   1/alpha log(1 + sum_p exp(-alpha (s_p - lambda))) + 1/beta log(1 + sum_n exp(beta (s_n - lambda))),
// with s = <q, x>. The sums are over the positives with s_p < max_n s_n + epsilon and the negatives with
// s_n > min_p s_p - epsilon.
// Differs from the paper: sums over anchors, as the other losses do, instead of averaging; only queries are
// anchors.
struct MultiSimilarityLossOptions {
  static constexpr const char* kKind = "multi_similarity";
  double alpha = 2;      // as in the paper
  double beta = 40;      // as in its code; 50 in the paper
  double lambda = 0.5;   // as in its code; 1 in the paper
  double epsilon = 0.1;  // as in both
};
void Declare(OptionsDescription& description, MultiSimilarityLossOptions& options);

// Brown et al., "Smooth-AP: Smoothing the Path Towards Large-Scale Image Retrieval", ECCV 2020: the sum over
// queries of 1 - AP. A rank is 1 + sum_j sigmoid((s_j - s_i) / temperature). AP is the mean over positives of
// the rank among positives divided by the rank among all of the tuple. A tuple without positives counts 0.
// Differs from the paper: sums over queries instead of averaging.
struct SmoothApLossOptions {
  static constexpr const char* kKind = "smooth_ap";
  double temperature = 0.01;  // as in the paper
};
void Declare(OptionsDescription& description, SmoothApLossOptions& options);

// The sum or the mean over all triplets of max(0, ||q - p||^2 - ||q - n||^2 + margin). A triplet is a query,
// a positive and a negative of its tuple. The mean over no triplet is 0.
struct TripletLossOptions {
  static constexpr const char* kKind = "triplet";
  double margin = 0.5;            // TPAMI 2019's comparison of losses; MVA 2022: 0.1
  std::string reduction = "sum";  // as cirtorch; MVA 2022: "mean"
};
void Declare(OptionsDescription& description, TripletLossOptions& options);

struct LossFamily {
  static constexpr const char* kDefault = ContrastiveLossOptions::kKind;
  static const Kinds& Table();
};
using LossOptions = Choice<LossFamily>;

}  // namespace vantage
