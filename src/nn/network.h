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

// A trunk and a head, which map images to global descriptors. Base of the network that can be trained
// (DescriptorNet) and the one that can only describe (FrozenNet). Copies share their tensors. Forward may be
// called from several threads.
class Network : public TensorOwner {
 public:
  // Simplified: see nn::Simplified.
  const DescriptorNetOptions& options() const { return options_; }
  const Trunk& trunk() const { return *trunk_; }
  const Head& head() const { return *head_; }
  const HeadRow& head_row() const { return *head_row_; }
  const at::Device& device() const { return device_; }
  // In which the trunk computes.
  Precision precision() const { return precision_; }
  // Dimension of the descriptors: D.
  int64_t dimension() const { return head_->dimension(); }

  Normalization normalization;

  // The features that the head requests from the trunk. images: B x 3 x H x W, normalised.
  Features FeaturesOf(const at::Tensor& images_B3HW, const PassContext& pass = {}) const;
  // Returns B x D, rows of unit length.
  at::Tensor Forward(const at::Tensor& images_B3HW, const PassContext& pass = {}) const;

  // Number of first stages of the trunk whose state after them (FirstStages) does not depend on what is
  // trained, and from which ForwardFrom can describe; 0: none.
  int FrozenStages() const;
  // The trunk's state after its first `count` stages.
  TrunkState FirstStages(const at::Tensor& images_B3HW, int count, const PassContext& pass = {}) const;
  // Forward from the state after the first `first` stages.
  at::Tensor ForwardFrom(const TrunkState& state, int first, const PassContext& pass = {}) const;

  // Describes the images at several scales (TPAMI 2019, section 5.1). Images are resized bilinearly, the
  // descriptors are averaged with the exponent of MultiScaleExponent, and the result has unit length. Scales
  // must be positive; {1} gives the result of Forward. `super_global`: alternative pooling; see
  // CheckSuperGlobal.
  at::Tensor ForwardAtScales(const at::Tensor& images_B3HW, const std::vector<double>& scales,
                             const SuperGlobalPooling& super_global = {}) const;
  // GeM's exponent (super_global's if it has one) if GeM is the only operation after the trunk, without power
  // normalisation; else 1, as in cirtorch.
  double MultiScaleExponent(const SuperGlobalPooling& super_global = {}) const;
  // Throws UsageError if the network does not support this pooling: not every head pools the feature map, and
  // only GeM has an exponent.
  void CheckSuperGlobal(const SuperGlobalPooling& super_global) const;

  // Whether norms use the statistics of each training pass.
  bool uses_batch_statistics() const { return statistics_momentum_.has_value(); }

  // Replaces all tensors in the order of cirtorch's checkpoints. The trunk's have cirtorch's names, with the
  // head's prefix; the head's have the names of the code that published it.
  void Replace(const TensorReplacer& replacer) override;
  // The network's name for the tensor that the trunk calls `name`.
  std::string NameOfTrunk(const std::string& name) const;

 protected:
  explicit Network(const DescriptorNetOptions& options);

  // The images as the trunk takes them.
  at::Tensor InputOf(const at::Tensor& images_B3HW) const;

  DescriptorNetOptions options_;
  const HeadRow* head_row_;
  FeatureRequest request_;
  std::shared_ptr<Trunk> trunk_;
  std::shared_ptr<Head> head_;
  at::Device device_ = at::kCPU;
  Precision precision_ = Precision::kFp32;
  std::optional<double> statistics_momentum_;  // set if norms use batch statistics
};

// Limits on the scales at which images are described: at most this many, each in [0.01, 16].
inline constexpr size_t kMaxScales = 16;
bool IsScale(double scale);

}  // namespace vantage::nn
