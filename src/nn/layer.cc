// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/nn/layer.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/max_pool2d.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>

#include <utility>

namespace vantage {
namespace {

at::Tensor Activate(const at::Tensor& x, Activation activation) {
  switch (activation) {
    case Activation::kRelu:
      return x.relu();
    case Activation::kRelu6:
      return x.clamp(0, 6);
    case Activation::kNone:
      break;
  }
  return x;
}

}  // namespace

ConvolutionUnit::ConvolutionUnit(std::string name, const ConvolutionOptions& options, Activation activation,
                                 bool has_bias)
    : name_(std::move(name)),
      options_(options),
      activation_(activation),
      weight_(at::zeros(
          {options.out_channels, options.in_channels / options.groups, options.kernel, options.kernel})) {
  if (has_bias) bias_ = at::zeros({options.out_channels});
}

ConvolutionUnit::ConvolutionUnit(std::string name, const ConvolutionOptions& options, std::string norm_name,
                                 double norm_epsilon, Activation activation, bool has_bias)
    : ConvolutionUnit(std::move(name), options, activation, has_bias) {
  norm_name_ = std::move(norm_name);
  norm_epsilon_ = norm_epsilon;
  norm_weight_ = at::ones({options.out_channels});
  norm_bias_ = at::zeros({options.out_channels});
  running_mean_ = at::zeros({options.out_channels});
  running_var_ = at::ones({options.out_channels});
  num_batches_tracked_ = at::zeros({}, at::kLong);
}

at::Tensor ConvolutionUnit::Forward(const at::Tensor& x_BCHW) const {
  at::Tensor weight = weight_;
  at::Tensor bias = bias_;
  if (!norm_name_.empty()) {
    const at::Tensor scale = norm_weight_ * (running_var_ + norm_epsilon_).rsqrt();
    weight = weight_ * scale.view({-1, 1, 1, 1});
    bias = norm_bias_ + (bias_.defined() ? bias_ - running_mean_ : -running_mean_) * scale;
  }
  at::Tensor x = x_BCHW;
  int64_t padding = options_.padding;
  if (options_.extra_padding > 0) {
    const int64_t after = padding + options_.extra_padding;
    x = at::constant_pad_nd(x, {padding, after, padding, after});
    padding = 0;
  }
  x = at::conv2d(x, weight, bias, options_.stride, padding, /*dilation=*/1, options_.groups);
  return Activate(x, activation_);
}

void ConvolutionUnit::Visit(const TensorVisitor& visitor) {
  visitor(name_ + ".weight", weight_, TensorRole::kParameter);
  if (bias_.defined()) visitor(name_ + ".bias", bias_, TensorRole::kParameter);
  if (norm_name_.empty()) return;
  visitor(norm_name_ + ".weight", norm_weight_, TensorRole::kParameter);
  visitor(norm_name_ + ".bias", norm_bias_, TensorRole::kParameter);
  visitor(norm_name_ + ".running_mean", running_mean_, TensorRole::kBuffer);
  visitor(norm_name_ + ".running_var", running_var_, TensorRole::kBuffer);
  visitor(norm_name_ + ".num_batches_tracked", num_batches_tracked_, TensorRole::kBuffer);
}

at::Tensor MaxPool::Forward(const at::Tensor& x_BCHW) const {
  return at::max_pool2d(x_BCHW, kernel_, stride_, padding_, /*dilation=*/1, ceil_mode_);
}

at::Tensor Sequence::Forward(const at::Tensor& x_BCHW) const {
  at::Tensor x = x_BCHW;
  for (const auto& layer : layers_) x = layer->Forward(x);
  return x;
}

void Sequence::Visit(const TensorVisitor& visitor) {
  for (const auto& layer : layers_) layer->Visit(visitor);
}

}  // namespace vantage
