// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <ATen/core/Tensor.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "nn/head.h"
#include "nn/precision.h"
#include "nn/trunk.h"
#include "vantage/model.h"

namespace vantage::nn {

// A trunk and a head: images to global descriptors. What a network that is trained (DescriptorNet) and one
// that only describes (FrozenNet) have in common. Copies share their tensors. Forward may be called from
// several threads.
class Network : public TensorOwner {
 public:
  // An output dimension of as many as the trunk's channels stands there as 0.
  const DescriptorNetOptions& options() const { return options_; }
  const Trunk& trunk() const { return *trunk_; }
  const Head& head() const { return *head_; }
  const HeadRow& head_row() const { return *head_row_; }
  const at::Device& device() const { return device_; }
  // Of the descriptors: D.
  int64_t dimension() const { return head_->dimension(); }

  Normalization normalization;

  // images: B x 3 x H x W, normalised. What the head asks the trunk for.
  Features FeaturesOf(const at::Tensor& images_B3HW, const PassContext& pass = {}) const;
  // Returns B x D, rows of unit length.
  at::Tensor Forward(const at::Tensor& images_B3HW, const PassContext& pass = {}) const;

  // Describes the images at several scales: each resized bilinearly, the descriptors averaged with the
  // exponent of MultiScaleExponent, and the result of unit length. Scales are positive; {1} is Forward. TPAMI
  // 2019, section 5.1. `super_global`: pooled otherwise; see CheckSuperGlobal.
  at::Tensor ForwardAtScales(const at::Tensor& images_B3HW, const std::vector<double>& scales,
                             const SuperGlobalPooling& super_global = {}) const;
  // GeM's exponent (super_global's if it has one) if GeM is the only thing after the trunk (no power
  // normalisation either), else 1, as in cirtorch.
  double MultiScaleExponent(const SuperGlobalPooling& super_global = {}) const;
  // Throws UsageError if the network cannot pool so: not every head pools the feature map, and only GeM has
  // an exponent.
  void CheckSuperGlobal(const SuperGlobalPooling& super_global) const;

  // Whether norms use each training pass's own statistics.
  bool uses_batch_statistics() const { return statistics_momentum_.has_value(); }

  // All tensors under the names of cirtorch's checkpoints (CosPlace's for its head, those of MVA 2022's code
  // for heads with locals), in their order.
  void Replace(const TensorReplacer& replacer) override;
  // The name under which a tensor that the trunk calls `name` is among them.
  std::string NameOfTrunk(const std::string& name) const;

 protected:
  explicit Network(const DescriptorNetOptions& options);

  DescriptorNetOptions options_;
  const HeadRow* head_row_;
  FeatureRequest request_;
  std::shared_ptr<Trunk> trunk_;
  std::shared_ptr<Head> head_;
  at::Device device_ = at::kCPU;
  Precision precision_ = Precision::kFp32;
  std::optional<double> statistics_momentum_;  // if norms use batch statistics
};

// What images may be described at: at most so many scales, each in [0.01, 16].
inline constexpr size_t kMaxScales = 16;
bool IsScale(double scale);

}  // namespace vantage::nn
