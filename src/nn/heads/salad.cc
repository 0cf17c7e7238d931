// SPDX-License-Identifier: BSD-3-Clause
#include "nn/heads/salad.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/logsumexp.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include <cmath>

#include "nn/dropout.h"
#include "nn/head.h"
#include "nn/heads/last_linear.h"
#include "nn/heads/random_weights.h"
#include "nn/linear_layer.h"
#include "nn/locals.h"
#include "nn/new_tensors.h"
#include "util/check.h"

// SALAD (Izquierdo and Civera, CVPR 2024), section 3. Tensors have the names of SALAD's files, which
// MegaLoc's files extend by a prefix.
namespace vantage {

void Declare(OptionsDescription& description, SaladHeadOptions& options) {
  constexpr int kMostChannels = 16384;
  description.Add("clusters", options.clusters, "Clusters of patches; a photo must have more patches")
      .Range(1, kMostChannels);
  description
      .Add("cluster_dimension", options.cluster_dimension, "Dimension of the features that a cluster sums up")
      .Range(1, kMostChannels);
  description
      .Add("token_dimension", options.token_dimension,
           "Dimension of the class token's part of the descriptor")
      .Range(1, kMostChannels);
  description.Add("hidden", options.hidden, "Hidden channels of the three MLPs").Range(1, kMostChannels);
  nn::DeclareOutputDimension(description, options.output_dimension,
                             "Rows of a learned linear layer at the end, as in MegaLoc; 0: there is none");
}

namespace nn {
namespace {

constexpr int kSinkhornIterations = 3;  // as in the authors' code
constexpr const char* kFeatures = "aggregator.cluster_features";
constexpr const char* kScores = "aggregator.score";
constexpr const char* kLinearOfSalad = "aggregator.linear";

// An MLP: linear, ReLU, linear. of_patches: weights have the shapes of 1x1 convolutions, as in files.
struct TwoLayers {
  TwoLayers(int64_t from, int64_t hidden, int64_t to, bool of_patches)
      : first{NewZeros(Shape(hidden, from, of_patches)), at::zeros({hidden}, NewTensor())},
        second{NewZeros(Shape(to, hidden, of_patches)), at::zeros({to}, NewTensor())} {}

  static std::vector<int64_t> Shape(int64_t to, int64_t from, bool of_patches) {
    if (of_patches) return {to, from, 1, 1};
    return {to, from};
  }
  at::Tensor Hidden(const at::Tensor& x) const {
    return at::linear(x, first.weight.flatten(1), first.bias).relu();
  }
  at::Tensor Last(const at::Tensor& hidden) const {
    return at::linear(hidden, second.weight.flatten(1), second.bias);
  }

  LinearLayer first;
  LinearLayer second;
};

class SaladHead : public Head {
 public:
  SaladHead(const SaladHeadOptions& options, int64_t channels)
      : options_(options),
        dust_bin_(at::ones({}, NewTensor())),
        token_(channels, options.hidden, options.token_dimension, false),
        features_(channels, options.hidden, options.cluster_dimension, true),
        scores_(channels, options.hidden, options.clusters, true),
        linear_(kLinearOfSalad, options.output_dimension, Concatenated()) {}

  int64_t dimension() const override { return linear_.dimension(); }

  at::Tensor Forward(const Features& features, const PassContext& pass) const override {
    VANTAGE_CHECK(IsInitialized(),
                  "the head 'salad' without weights: they come from a file that holds them, ",
                  "or from 'vantage train'");
    const at::Tensor& map_BCHW = features.map_BCHW;
    const int64_t patches = map_BCHW.size(2) * map_BCHW.size(3);
    if (patches <= options_.clusters) {
      throw TooFewFeatures(StrCat("too small for the head 'salad': ", map_BCHW.size(2), " x ",
                                  map_BCHW.size(3), " patches, and ", options_.clusters, " clusters need ",
                                  options_.clusters + 1, " or more"));
    }
    const at::Tensor x_BNC = map_BCHW.flatten(2).transpose(1, 2);
    // The authors' code drops hidden values of these two, not of the token's.
    const at::Tensor scores_BNK = scores_.Last(Dropout(scores_.Hidden(x_BNC), kScores, pass));
    const at::Tensor features_BNL = features_.Last(Dropout(features_.Hidden(x_BNC), kFeatures, pass));
    const at::Tensor plan_BKN = TransportPlan(scores_BNK.transpose(1, 2), dust_bin_, kSinkhornIterations);
    const at::Tensor sums_BKL = NormalizeAlong(at::bmm(plan_BKN, features_BNL), 2);
    const at::Tensor token_BT = NormalizeAlong(token_.Last(token_.Hidden(features.class_BC)), 1);
    return linear_(NormalizeAlong(at::cat({token_BT, sums_BKL.transpose(1, 2).flatten(1)}, 1), 1));
  }

  bool IsInitialized() const override { return scores_.second.weight.any().item<bool>(); }
  InitializedHead Initialize(TrainingFeatures& /*features*/, const HeadInitialization& options,
                             const RunContext& /*context*/) override {
    Replace([&](const std::string& name, at::Tensor& tensor, TensorRole) {
      if (tensor.dim() > 0 && !name.starts_with(kLinearOfSalad))
        tensor = name.ends_with("bias") ? at::zeros_like(tensor) : UniformWeights(name, tensor, options.seed);
    });
    return {};
  }

  void Replace(const TensorReplacer& replacer) override {
    replacer("aggregator.dust_bin", dust_bin_, TensorRole::kParameter);
    const auto replace = [&](const std::string& name, TwoLayers& layers, const char* second) {
      layers.first.Replace(name + ".0", replacer);
      layers.second.Replace(name + second, replacer);
    };
    replace("aggregator.token_features", token_, ".2");
    replace(kFeatures, features_, ".3");
    replace(kScores, scores_, ".3");
    linear_.Replace(replacer);
  }

 private:
  int64_t Concatenated() const {
    return int64_t{options_.clusters} * options_.cluster_dimension + options_.token_dimension;
  }

  SaladHeadOptions options_;
  at::Tensor dust_bin_;  // a scalar
  TwoLayers token_;
  TwoLayers features_;
  TwoLayers scores_;
  LastLinear linear_;
};

std::optional<SaladHeadOptions> RecogniseSalad(const TensorShapes& shapes) {
  if (!shapes.contains("aggregator.dust_bin")) return std::nullopt;
  return SaladHeadOptions{.clusters = SizeIn(shapes, "aggregator.score.3.weight", 0),
                          .cluster_dimension = SizeIn(shapes, "aggregator.cluster_features.3.weight", 0),
                          .token_dimension = SizeIn(shapes, "aggregator.token_features.2.weight", 0),
                          .hidden = SizeIn(shapes, "aggregator.score.0.weight", 0),
                          .output_dimension = SizeIn(shapes, "aggregator.linear.weight", 0)};
}

}  // namespace

at::Tensor TransportPlan(const at::Tensor& scores_BKN, const at::Tensor& dust_bin, int iterations) {
  const int64_t batch = scores_BKN.size(0);
  const int64_t clusters = scores_BKN.size(1);
  const int64_t patches = scores_BKN.size(2);
  const at::Tensor scores_BRN = at::cat({scores_BKN, dust_bin.expand({batch, 1, patches})}, 1);
  // Logarithms of the masses of rows (clusters, dust bin); each column (patch) has mass 1.
  at::Tensor row_mass_R1 = at::zeros({clusters + 1, 1}, scores_BKN.options());
  row_mass_R1[clusters].fill_(std::log(static_cast<double>(patches - clusters)));
  at::Tensor column_scale_B1N = at::zeros({batch, 1, patches}, scores_BKN.options());
  at::Tensor row_scale_BR1;
  for (int i = 0; i < iterations; ++i) {
    row_scale_BR1 = row_mass_R1 - at::logsumexp(scores_BRN + column_scale_B1N, {2}, /*keepdim=*/true);
    column_scale_B1N = -at::logsumexp(scores_BRN + row_scale_BR1, {1}, /*keepdim=*/true);
  }
  return (scores_BRN + row_scale_BR1 + column_scale_B1N).narrow(1, 0, clusters).exp();
}

HeadRow SaladHeadRow() {
  return MakeHeadRow<SaladHeadOptions>(
      "SALAD's and MegaLoc's layers: optimal transport of patches to clusters, and the class token",
      {.weights_kind = "SALAD weights",
       .trunk_prefix = "backbone.model.",
       .has_dropout = true,
       .linear = kLinearOfSalad,
       .made_by_training = {"aggregator."},
       .request = [](const SaladHeadOptions&,
                     const TrunkRow&) { return FeatureRequest{.class_token = true}; },
       .make = [](const SaladHeadOptions& options, int64_t channels) -> std::unique_ptr<Head> {
         return std::make_unique<SaladHead>(options, channels);
       },
       .recognise = RecogniseSalad,
       .unrevealed = [](const SaladHeadOptions& found,
                        bool) { return LastLinear::Unrevealed(found.output_dimension); },
       .add_linear = [](SaladHeadOptions& options,
                        int rows) { return LastLinear::Add(options.output_dimension, rows); }});
}

}  // namespace nn

}  // namespace vantage
