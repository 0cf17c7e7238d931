// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <string>

#include "nn/aggregation.h"
#include "nn/locals.h"

namespace vantage::nn {

// What follows a trunk whose photos are described by local features: a 1x1 convolution where asked for,
// locals, their aggregation. MVA 2022, section 3. Weights are zero until they are made or read.
class LocalHead {
 public:
  // channels: of the trunk's map.
  LocalHead(const LocalOptions& options, int64_t channels, std::unique_ptr<Aggregation> aggregation);

  int64_t dimension() const { return aggregation_->dimension(); }
  // map: B x C x H x W. Returns B x dimension(), of unit length. Throws Error before IsInitialized.
  at::Tensor Forward(const at::Tensor& map_BCHW) const;
  // B x N x D. Throws Error where the projection has not been made.
  at::Tensor Locals(const at::Tensor& map_BCHW) const;
  void Replace(const std::string& aggregation_name, const TensorReplacer& replacer);

  // Whether all weights have been made or read.
  bool IsInitialized() const;
  bool HasProjection() const { return weight_.defined(); }
  // weight: projection x C, bias: projection.
  void SetProjection(const at::Tensor& weight, const at::Tensor& bias);
  Aggregation& aggregation() { return *aggregation_; }

 private:
  bool LacksProjection() const;

  LocalOptions options_;
  int64_t local_dimension_;
  at::Tensor weight_;  // projection x C x 1 x 1; undefined where there is none
  at::Tensor bias_;
  std::unique_ptr<Aggregation> aggregation_;
};

}  // namespace vantage::nn
