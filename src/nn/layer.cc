// SPDX-License-Identifier: BSD-3-Clause
#include "nn/layer.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/zeros.h>

#include <tuple>
#include <utility>

#include "nn/convolution.h"
#include "nn/max_pool.h"
#include "nn/new_tensors.h"
#include "nn/winograd.h"

namespace vantage::nn {
void Layer::Visit(const TensorVisitor& visitor) {
  ForEachChild([&](Layer& child) { child.Visit(visitor); });
}

void Layer::ForEachNorm(const std::function<void(BatchNorm&)>& visit) {
  ForEachChild([&](Layer& child) { child.ForEachNorm(visit); });
}

void Layer::FoldNorms() {
  ForEachChild([](Layer& child) { child.FoldNorms(); });
}

void Layer::Freeze(at::ScalarType type) {
  ForEachChild([&](Layer& child) { child.Freeze(type); });
}

ConvolutionUnit::ConvolutionUnit(std::string name, const ConvolutionOptions& options, Activation activation,
                                 bool has_bias)
    : name_(std::move(name)),
      options_(options),
      activation_(activation),
      weight_(NewZeros(
          {options.out_channels, options.in_channels / options.groups, options.kernel, options.kernel})) {
  if (has_bias) bias_ = at::zeros({options.out_channels}, NewTensor());
}

ConvolutionUnit::ConvolutionUnit(std::string name, const ConvolutionOptions& options, std::string norm_name,
                                 double norm_epsilon, Activation activation, bool has_bias)
    : ConvolutionUnit(std::move(name), options, activation, has_bias) {
  norm_.emplace(std::move(norm_name), options.out_channels, norm_epsilon);
}

std::pair<at::Tensor, at::Tensor> ConvolutionUnit::FoldedWeights() const {
  if (!norm_) return {weight_, bias_};
  const at::Tensor scale = norm_->Scale();
  return {weight_ * scale.view({-1, 1, 1, 1}), norm_->Shift(scale, bias_)};
}

at::Tensor ConvolutionUnit::Forward(const at::Tensor& x_BCHW, const at::Tensor& residual_BCHW) const {
  if (winograd_ && WinogradSuits(x_BCHW)) return (*winograd_)(x_BCHW, residual_BCHW, activation_);
  at::Tensor x = x_BCHW;
  ConvolutionOptions options = options_;
  if (options.extra_padding > 0) {
    const int64_t after = options.padding + options.extra_padding;
    x = at::constant_pad_nd(x, {options.padding, after, options.padding, after});
    options.padding = 0;
  }
  if (frozen_) return FusedConvolution(x, weight_, bias_, options, residual_BCHW, activation_);
  // Weights stay float32 where the network computes in another type; their gradients are float32 too.
  const auto convolution = [&](const at::Tensor& weight, const at::Tensor& bias, const at::Tensor& residual,
                               Activation activation) {
    return TrainedConvolution(x, weight.to(x.scalar_type()), bias.defined() ? bias.to(x.scalar_type()) : bias,
                              options, residual, activation);
  };
  if (UsesBatchStatistics()) {
    return AddAndActivate(norm_->NormalizeByBatch(convolution(weight_, bias_, {}, Activation::kNone)),
                          residual_BCHW, activation_);
  }
  const auto [weight, bias] = FoldedWeights();
  return convolution(weight, bias, residual_BCHW, activation_);
}

void ConvolutionUnit::FoldNorms() {
  if (!UsesBatchStatistics()) FoldNorm();
}

void ConvolutionUnit::FoldNorm() {
  std::tie(weight_, bias_) = FoldedWeights();
  norm_.reset();
}

void ConvolutionUnit::Freeze(at::ScalarType type) {
  FoldNorm();
  weight_ = weight_.to(type).contiguous(at::MemoryFormat::ChannelsLast);
  if (bias_.defined()) bias_ = bias_.to(type);
  if (type == at::kFloat && weight_.device().is_cpu() && WinogradSuits(options_)) {
    winograd_ = std::make_shared<const WinogradConvolution>(weight_, bias_);
  }
  frozen_ = true;
}

void ConvolutionUnit::Visit(const TensorVisitor& visitor) {
  visitor(name_ + ".weight", weight_, TensorRole::kParameter);
  if (bias_.defined()) visitor(name_ + ".bias", bias_, TensorRole::kParameter);
  if (norm_) norm_->Visit(visitor);
}

void ConvolutionUnit::ForEachNorm(const std::function<void(BatchNorm&)>& visit) {
  if (norm_) visit(*norm_);
}

at::Tensor MaxPool::Forward(const at::Tensor& x_BCHW) const {
  return frozen_ ? FastMaxPool(x_BCHW, window_) : PlainMaxPool(x_BCHW, window_);
}

at::Tensor Sequence::Forward(const at::Tensor& x_BCHW) const {
  at::Tensor x = x_BCHW;
  for (const auto& layer : layers_) x = layer->Forward(x);
  return x;
}

void Sequence::ForEachChild(const std::function<void(Layer&)>& visit) {
  for (const auto& layer : layers_) visit(*layer);
}

}  // namespace vantage::nn
