// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>
#include <string>
#include <vector>

#include "nn/local_head.h"
#include "nn/netvlad.h"
#include "nn/pooling.h"
#include "nn/precision.h"
#include "nn/trunk.h"
#include "vantage/image.h"
#include "vantage/model.h"
#include "vantage/options.h"

namespace vantage::nn {

// A trunk, a pooling and l2n, then, where asked for, a linear layer and l2n again: photos to global
// descriptors. TPAMI 2019, section 3. DescriptorNetOptions::head names other networks. Copies share their
// tensors; Clone has its own. Forward may be called from several threads.
class DescriptorNet : public TensorOwner {
 public:
  // Weights are zero until they are read (model_file.h); linear layers begin as the identity, exponents as 3.
  // Throws UsageError for an unknown name, or for options that do not go together.
  explicit DescriptorNet(const DescriptorNetOptions& options);

  // An output dimension of as many as the trunk's channels stands there as 0.
  const DescriptorNetOptions& options() const { return options_; }
  const Trunk& trunk() const { return *trunk_; }
  // Of the descriptors: D.
  int64_t dimension() const;

  Normalization normalization;

  // images: B x 3 x H x W, normalised. Returns B x D, rows of unit length.
  at::Tensor Forward(const at::Tensor& images_B3HW, const PassContext& pass = {}) const;

  // Describes the images at several scales: each resized bilinearly, the descriptors averaged with the
  // exponent of MultiScaleExponent, and the result of unit length. Scales are positive; {1} is Forward. TPAMI
  // 2019, section 5.1. `super_global`: pooled otherwise; see CheckSuperGlobal.
  at::Tensor ForwardAtScales(const at::Tensor& images_B3HW, const std::vector<double>& scales,
                             const SuperGlobalPooling& super_global = {}) const;
  // GeM's exponent (super_global's where it has one) where GeM is the only thing after the trunk (no
  // power normalisation either), else 1, as in cirtorch.
  double MultiScaleExponent(const SuperGlobalPooling& super_global = {}) const;
  // Throws UsageError where the network cannot pool so: local features have no map of channels, and only GeM
  // has an exponent.
  void CheckSuperGlobal(const SuperGlobalPooling& super_global) const;

  // The last feature map: B x C x H x W.
  at::Tensor FeatureMap(const at::Tensor& images_B3HW, const PassContext& pass = {}) const;
  // What follows the trunk where HasLocals, else null. Copies of the network share it.
  LocalHead* local_head() { return local_head_.get(); }
  // Whether the network can describe photos: a local head's weights must have been made or read.
  bool IsInitialized() const { return local_head_ == nullptr || local_head_->IsInitialized(); }

  // All tensors under the names of cirtorch's checkpoints (of CosPlace's for its head, of MVA 2022's code for
  // those with locals), in their order.
  void Replace(const TensorReplacer& replacer) override;

  // The network on a device; this one stays where it is. On its own device they share the tensors.
  DescriptorNet On(const at::Device& device) const;
  // Moves the tensors, those of copies too.
  void To(const at::Device& device);
  const at::Device& device() const { return device_; }

  // What the trunk computes in from now on; fp32 until it is called.
  void ComputeTrunkIn(Precision precision) { precision_ = precision; }

  // From now on the batch norms whose weights require gradients use the statistics of each training pass: of
  // the photos that go through Forward together. Frozen folds the running statistics in any case. `momentum`:
  // of MoveRunningStatistics.
  void UseBatchStatistics(double momentum);
  bool uses_batch_statistics() const { return statistics_momentum_.has_value(); }
  // The running statistics of those norms.
  BatchStatistics RunningStatistics() const;
  // running <- (1 - momentum) running + momentum seen. `seen` has a value for each of the norms.
  void MoveRunningStatistics(const BatchStatistics& seen);

  DescriptorNet Clone() const;
  // A network whose norms, but for those that use batch statistics, are folded into its convolutions as part
  // of the graph: its tensors are functions of this one's, or the same.
  DescriptorNet WithFoldedNorms() const;

  // A copy for describing only: norms folded into convolutions, activations fused, weights in the precision's
  // type. Descriptors are float32 in any case. It can be neither trained, cloned nor saved.
  DescriptorNet Frozen(Precision precision = Precision::kFp32) const;

 private:
  // C to D with bias; without weight where the network has none.
  struct LinearLayer {
    at::Tensor weight;  // D x C
    at::Tensor bias;    // D

    explicit operator bool() const { return weight.defined(); }
    at::Tensor operator()(const at::Tensor& x) const;
    void Replace(const std::string& name, const TensorReplacer& replacer);
  };
  static LinearLayer MakeLinear(bool wanted, int64_t dimension, int64_t from);
  // Throws UsageError for options that do not go together.
  static void CheckOptionsOf(const DescriptorNetOptions& options);
  // Of what precedes the last linear layer.
  int64_t PooledDimension() const;
  // Another network of the same tensors.
  DescriptorNet Twin() const;
  void CopyWhatIsSharedWith(const DescriptorNet& other);
  bool is_cosplace() const { return options_.head == "cosplace"; }
  // The descriptor of the images' last feature map.
  at::Tensor DescribeMap(at::Tensor map_BCHW, const Pooling& pooling) const;
  at::Tensor Pool(const at::Tensor& x_BCHW, const Pooling& pooling) const;

  DescriptorNetOptions options_;
  std::shared_ptr<Trunk> trunk_;
  Pooling pooling_;
  std::shared_ptr<LocalHead> local_head_;  // null without locals
  LinearLayer local_whitening_;
  LinearLayer region_whitening_;
  LinearLayer whitening_;
  at::Device device_ = at::kCPU;
  Precision precision_ = Precision::kFp32;
  bool frozen_ = false;
  std::optional<double> statistics_momentum_;  // where norms use batch statistics
};

// The name under which the network's Visit gives a tensor that the trunk calls `name`.
std::string NameInNet(const DescriptorNet& net, const std::string& name);

// RGB images of one size as a normalised batch: B x 3 x H x W, float32, channels last in memory.
at::Tensor ImagesToTensor(const std::vector<Image>& images, const Normalization& normalization);

// What images may be described at: at most so many scales, each in [0.01, 16].
inline constexpr size_t kMaxScales = 16;
bool IsScale(double scale);

// "cpu", "cuda" or "cuda:1". Throws UsageError for another name, or where this LibTorch or machine has no
// such device.
at::Device ParseDevice(const std::string& name);

}  // namespace vantage::nn
