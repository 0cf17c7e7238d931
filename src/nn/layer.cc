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
#include "nn/precision.h"
#include "nn/winograd.h"

namespace vantage::nn {

void Layer::Replace(const TensorReplacer& replacer) {
  ForEachChild([&](Layer& child) { child.Replace(replacer); });
}

ConvolutionUnit::ConvolutionUnit(std::string name, const ConvolutionOptions& options,
                                 const Activation& activation, bool has_bias)
    : name_(std::move(name)),
      options_(options),
      activation_(&activation),
      weight_(NewZeros(
          {options.out_channels, options.in_channels / options.groups, options.kernel, options.kernel})) {
  if (has_bias) bias_ = at::zeros({options.out_channels}, NewTensor());
}

ConvolutionUnit::ConvolutionUnit(std::string name, const ConvolutionOptions& options, std::string norm_name,
                                 double norm_epsilon, const Activation& activation, bool has_bias)
    : ConvolutionUnit(std::move(name), options, activation, has_bias) {
  norm_.emplace(std::move(norm_name), options.out_channels, norm_epsilon);
}

std::pair<at::Tensor, at::Tensor> ConvolutionUnit::FoldedWeights() const {
  if (!norm_) return {weight_, bias_};
  const at::Tensor scale = norm_->Scale();
  return {weight_ * scale.view({-1, 1, 1, 1}), norm_->Shift(scale, bias_)};
}

at::Tensor ConvolutionUnit::Forward(const at::Tensor& x_BCHW, const at::Tensor& residual_BCHW,
                                    const PassContext& pass) const {
  if (winograd_ && WinogradSuits(x_BCHW)) return (*winograd_)(x_BCHW, residual_BCHW, *activation_);
  at::Tensor x = x_BCHW;
  ConvolutionOptions options = options_;
  if (options.extra_padding > 0) {
    const int64_t after = options.padding + options.extra_padding;
    x = at::constant_pad_nd(x, {options.padding, after, options.padding, after});
    options.padding = 0;
  }
  if (frozen_) return FusedConvolution(x, weight_, bias_, options, residual_BCHW, *activation_);
  const auto convolution = [&](const at::Tensor& weight, const at::Tensor& bias, const at::Tensor& residual,
                               const Activation& activation) {
    return TrainedConvolution(x, CastLike(weight, x), CastLike(bias, x), options, residual, activation);
  };
  if (norm_ && norm_->uses_batch_statistics() && pass.is_training) {
    return AddAndActivate(norm_->NormalizeByBatch(convolution(weight_, bias_, {}, kNoActivation), pass),
                          residual_BCHW, *activation_);
  }
  const auto [weight, bias] = FoldedWeights();
  return convolution(weight, bias, residual_BCHW, *activation_);
}

void ConvolutionUnit::FoldNorm() {
  std::tie(weight_, bias_) = FoldedWeights();
  norm_.reset();
}

void ConvolutionUnit::Freeze() {
  if (weight_.scalar_type() == at::kFloat && weight_.device().is_cpu() && WinogradSuits(options_)) {
    winograd_ = std::make_shared<const WinogradConvolution>(weight_, bias_);
  } else {
    weight_ = weight_.contiguous(at::MemoryFormat::ChannelsLast);
  }
  frozen_ = true;
}

void ConvolutionUnit::Replace(const TensorReplacer& replacer) {
  replacer(name_ + ".weight", weight_, TensorRole::kParameter);
  if (bias_.defined()) replacer(name_ + ".bias", bias_, TensorRole::kParameter);
  if (norm_) norm_->Replace(replacer);
}

at::Tensor MaxPool::Forward(const at::Tensor& x_BCHW, const PassContext& /*pass*/) const {
  return frozen_ ? FastMaxPool(x_BCHW, window_) : PlainMaxPool(x_BCHW, window_);
}

at::Tensor Sequence::Forward(const at::Tensor& x, const PassContext& pass) const {
  at::Tensor result = x;
  for (const auto& layer : layers_) result = layer->Forward(result, pass);
  return result;
}

void Sequence::ForEachChild(const std::function<void(Layer&)>& visit) {
  for (const auto& layer : layers_) visit(*layer);
}

}  // namespace vantage::nn
