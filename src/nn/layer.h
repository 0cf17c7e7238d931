// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "nn/batch_norm.h"

namespace vantage::nn {

// A piece of a network. Forward is safe to call from several threads at once.
class Layer {
 public:
  virtual ~Layer() = default;
  // x: B x C x H x W.
  virtual at::Tensor Forward(const at::Tensor& x_BCHW) const = 0;
  // The layers that this one is made of, in the order in which PyTorch's modules list their tensors.
  virtual void ForEachChild(const std::function<void(Layer&)>& /*visit*/) {}
  // Visits the layer's tensors, in that order.
  virtual void Visit(const TensorVisitor& visitor);
  // Visits the layer's batch norms.
  virtual void ForEachNorm(const std::function<void(BatchNorm&)>& visit);
  // Folds norms into convolutions, as part of the graph: the layer's tensors become functions of what they
  // were made from. Norms that nothing precedes, or that use batch statistics, stay.
  virtual void FoldNorms();
  // Folds norms into convolutions and lays weights out for speed, in `type`. From then
  // on the layer takes inputs of that type, channels last; it cannot be trained, and has no norm's tensors
  // any more.
  virtual void Freeze(at::ScalarType type);
};

enum class Activation { kNone, kRelu, kRelu6 };

struct ConvolutionOptions {
  int64_t in_channels = 0;
  int64_t out_channels = 0;
  int64_t kernel = 1;
  int64_t stride = 1;
  int64_t padding = 0;        // at each side
  int64_t extra_padding = 0;  // more at the bottom and right: TensorFlow's 'same' at stride 2
  int64_t groups = 1;
};

class WinogradConvolution;

// A convolution, then batch norm where it has one, then the activation.
// A norm of running statistics is folded into the convolution inside the graph: w gamma / sigma and
// beta - mu gamma / sigma have the same gradients with respect to w, gamma and beta as the two operations one
// after the other, and no activation is kept for the norm.
class ConvolutionUnit : public Layer {
 public:
  // Without batch norm.
  ConvolutionUnit(std::string name, const ConvolutionOptions& options, Activation activation,
                  bool has_bias = true);
  // With batch norm.
  ConvolutionUnit(std::string name, const ConvolutionOptions& options, std::string norm_name,
                  double norm_epsilon, Activation activation, bool has_bias = false);

  at::Tensor Forward(const at::Tensor& x_BCHW) const override { return Forward(x_BCHW, {}); }
  // `residual`, of the output's shape, is added before the activation; undefined: nothing.
  at::Tensor Forward(const at::Tensor& x_BCHW, const at::Tensor& residual_BCHW) const;
  void Visit(const TensorVisitor& visitor) override;
  void ForEachNorm(const std::function<void(BatchNorm&)>& visit) override;
  void FoldNorms() override;
  void Freeze(at::ScalarType type) override;

 private:
  // Weight and bias with the norm's running statistics, if it has a norm, folded in.
  std::pair<at::Tensor, at::Tensor> FoldedWeights() const;
  bool UsesBatchStatistics() const { return norm_ && norm_->uses_batch_statistics(); }
  void FoldNorm();

  std::string name_;
  ConvolutionOptions options_;
  std::optional<BatchNorm> norm_;
  Activation activation_;
  bool frozen_ = false;
  at::Tensor weight_;  // out x in / groups x kernel x kernel
  at::Tensor bias_;    // out; undefined where there is none
  // How a frozen layer is computed where that is faster; null elsewhere.
  std::shared_ptr<const WinogradConvolution> winograd_;
};

struct PoolWindow {
  int64_t kernel = 2;
  int64_t stride = 2;
  int64_t padding = 0;  // at each side
  bool ceil_mode = false;
};

// Maximum over windows.
class MaxPool : public Layer {
 public:
  MaxPool(int64_t kernel, int64_t stride, int64_t padding, bool ceil_mode)
      : window_{kernel, stride, padding, ceil_mode} {}

  at::Tensor Forward(const at::Tensor& x_BCHW) const override;
  void Freeze(at::ScalarType /*type*/) override { frozen_ = true; }

 private:
  PoolWindow window_;
  bool frozen_ = false;
};

// Layers one after the other.
class Sequence : public Layer {
 public:
  void Add(std::unique_ptr<Layer> layer) { layers_.push_back(std::move(layer)); }

  at::Tensor Forward(const at::Tensor& x_BCHW) const override;
  void ForEachChild(const std::function<void(Layer&)>& visit) override;

 private:
  std::vector<std::unique_ptr<Layer>> layers_;
};

}  // namespace vantage::nn
