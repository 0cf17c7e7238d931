// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <string>

#include "nn/head.h"
#include "nn/heads/aggregation.h"
#include "nn/linear_layer.h"
#include "nn/locals.h"

namespace vantage::nn {

// What follows a trunk whose photos are described by local features: a 1x1 convolution where asked for,
// locals, their aggregation, power normalisation, a linear layer. MVA 2022, section 3. Weights are zero until
// they are made or read.
class LocalHead : public Head {
 public:
  // channels: of the trunk's map. name: of the aggregation's tensors.
  LocalHead(const DescriptorNetOptions& options, int64_t channels, std::unique_ptr<Aggregation> aggregation,
            std::string name);

  int64_t dimension() const override;
  at::Tensor Forward(const Features& features, const PassContext& pass) const override;
  // map: B x C x H x W. Returns B x N x D. Throws Error if the projection has not been made.
  at::Tensor Locals(const at::Tensor& map_BCHW) const;

  bool IsInitialized() const override;
  // Makes the projection as the PCA of all locations' activations, then the aggregation's parameters from the
  // centres of clusters of the locals.
  InitializedHead Initialize(TrainingFeatures& features, const HeadInitialization& options,
                             const RunContext& context) override;

  void Replace(const TensorReplacer& replacer) override;

 private:
  bool LacksProjection() const;
  // Returns the share of the variance that is kept.
  double MakeProjection(TrainingFeatures& features);
  // At least so many locals, drawn at random, as many of each photo.
  DescriptorMatrix Sample(int64_t wanted, TrainingFeatures& features) const;

  LocalOptions options_;
  double power_;
  int64_t local_dimension_;
  at::Tensor weight_;  // projection x C x 1 x 1; undefined if there is none
  at::Tensor bias_;
  std::unique_ptr<Aggregation> aggregation_;
  std::string name_;
  LinearLayer linear_;
};

// What the rows of such heads have in common: linear layer, prefix of the trunk, options, request.
HeadRow LocalHeadRow();
// Of a head with locals. Throws UsageError.
void CheckLocalHead(const DescriptorNetOptions& options);

}  // namespace vantage::nn
