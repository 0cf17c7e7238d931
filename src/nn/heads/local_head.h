// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <string>
#include <utility>

#include "nn/head.h"
#include "nn/heads/aggregation.h"
#include "nn/heads/last_linear.h"
#include "nn/locals.h"

namespace vantage::nn {

inline constexpr const char* kLinearOfLocals = "learned_pca";

// A head for photos described by local features (MVA 2022, section 3): an optional 1x1 convolution, locals,
// their aggregation, power normalisation, a linear layer. Initial values of weights: see Head.
class LocalHead : public Head {
 public:
  // channels: number of channels of the trunk's map. name: prefix of the aggregation's tensors.
  LocalHead(const LocalOptions& locals, const AggregateOptions& aggregate, int64_t channels,
            std::unique_ptr<Aggregation> aggregation, std::string name);

  int64_t dimension() const override;
  at::Tensor Forward(const Features& features, const PassContext& pass) const override;
  // map: B x C x H x W. Returns B x N x D. Throws Error if the projection is not initialised.
  at::Tensor Locals(const at::Tensor& map_BCHW) const;

  bool IsInitialized() const override;
  // Computes the projection as the PCA of the activations at all locations, then the aggregation's parameters
  // from cluster centres of the locals.
  InitializedHead Initialize(TrainingFeatures& features, const HeadInitialization& options,
                             const RunContext& context) override;

  void Replace(const TensorReplacer& replacer) override;

 private:
  bool LacksProjection() const;
  // Returns the share of the variance that the projection keeps.
  double MakeProjection(TrainingFeatures& features);

  LocalOptions options_;
  double power_;
  int64_t local_dimension_;
  at::Tensor weight_;  // projection x C x 1 x 1; undefined if there is none
  at::Tensor bias_;
  std::unique_ptr<Aggregation> aggregation_;
  std::string name_;
  LastLinear linear_;
};

// The features that a head with these locals requests. Throws UsageError if last_relu is false and the trunk
// always ends in an activation.
FeatureRequest RequestOfLocals(const LocalOptions& options, const TrunkRow& trunk);

// Makes a head's row, with the fields that all heads with locals share filled in: names, request, linear
// layer. Options: has members `locals` and `aggregate`.
template <KindOptions Options>
HeadRow MakeLocalHeadRow(std::string summary, HeadFunctions<Options> functions) {
  functions.trunk_prefix = "base_features.";
  functions.linear = kLinearOfLocals;
  functions.request = [](const Options& options, const TrunkRow& trunk) {
    return RequestOfLocals(options.locals, trunk);
  };
  functions.add_linear = [](Options& options, int rows) {
    return LastLinear::Add(options.aggregate.output_dimension, rows);
  };
  return MakeHeadRow<Options>(std::move(summary), std::move(functions));
}

}  // namespace vantage::nn
