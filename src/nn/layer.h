// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "nn/activation.h"
#include "nn/batch_norm.h"
#include "nn/fold_norms.h"
#include "nn/pass_context.h"
#include "nn/tensor_owner.h"

namespace vantage::nn {

// A building block of a network. Forward may be called from several threads at once.
class Layer : public TensorOwner {
 public:
  // x: B x C x H x W, or B x tokens x C for layers of a transformer.
  virtual at::Tensor Forward(const at::Tensor& x, const PassContext& pass) const = 0;
  // Visits the sub-layers, in the order in which PyTorch's modules list their tensors.
  virtual void ForEachChild(const std::function<void(Layer&)>& /*visit*/) {}
  // Replaces the tensors of the children.
  void Replace(const TensorReplacer& replacer) override;
};

struct ConvolutionOptions {
  int64_t in_channels = 0;
  int64_t out_channels = 0;
  int64_t kernel = 1;
  int64_t stride = 1;
  int64_t padding = 0;        // at each side
  int64_t extra_padding = 0;  // additional, at the bottom and right: TensorFlow's 'same' at stride 2
  int64_t groups = 1;
};

class WinogradConvolution;

// A convolution, an optional batch norm, and an activation. A norm with running statistics is folded into the
// convolution inside the graph. w gamma / sigma and beta - mu gamma / sigma have the same gradients with
// respect to w, gamma and beta as the two separate operations, and no activation has to be kept for the norm.
class ConvolutionUnit : public Layer, public NormedLayer, public FreezableLayer {
 public:
  // Without batch norm.
  ConvolutionUnit(std::string name, const ConvolutionOptions& options, const Activation& activation,
                  bool has_bias = true);
  // With batch norm.
  ConvolutionUnit(std::string name, const ConvolutionOptions& options, std::string norm_name,
                  double norm_epsilon, const Activation& activation, bool has_bias = false);

  at::Tensor Forward(const at::Tensor& x_BCHW, const PassContext& pass) const override {
    return Forward(x_BCHW, {}, pass);
  }
  // `residual` has the output's shape and is added before the activation; undefined: nothing is added.
  at::Tensor Forward(const at::Tensor& x_BCHW, const at::Tensor& residual_BCHW,
                     const PassContext& pass) const;
  void Replace(const TensorReplacer& replacer) override;

  BatchNorm* norm() override { return norm_ ? &*norm_ : nullptr; }
  bool norm_follows_weights() const override { return true; }
  void FoldNorm() override;
  void Freeze() override;

 private:
  // Weight and bias, with the norm (if there is one) folded in by its running statistics.
  std::pair<at::Tensor, at::Tensor> FoldedWeights() const;

  std::string name_;
  ConvolutionOptions options_;
  std::optional<BatchNorm> norm_;
  const Activation* activation_;
  bool frozen_ = false;
  at::Tensor weight_;  // out x in / groups x kernel x kernel
  at::Tensor bias_;    // out; undefined if there is none
  // Computes a frozen layer if Winograd's convolution is faster for it; else null.
  std::shared_ptr<const WinogradConvolution> winograd_;
};

struct PoolWindow {
  int64_t kernel = 2;
  int64_t stride = 2;
  int64_t padding = 0;  // at each side
  bool ceil_mode = false;
};

// Max pooling.
class MaxPool : public Layer, public FreezableLayer {
 public:
  MaxPool(int64_t kernel, int64_t stride, int64_t padding, bool ceil_mode)
      : window_{kernel, stride, padding, ceil_mode} {}

  at::Tensor Forward(const at::Tensor& x_BCHW, const PassContext& pass) const override;
  void Freeze() override { frozen_ = true; }

 private:
  PoolWindow window_;
  bool frozen_ = false;
};

// Layers that are applied in sequence.
class Sequence : public Layer {
 public:
  void Add(std::unique_ptr<Layer> layer) { layers_.push_back(std::move(layer)); }

  at::Tensor Forward(const at::Tensor& x, const PassContext& pass) const override;
  void ForEachChild(const std::function<void(Layer&)>& visit) override;

 private:
  std::vector<std::unique_ptr<Layer>> layers_;
};

}  // namespace vantage::nn
