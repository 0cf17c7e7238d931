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

FrozenNorm::FrozenNorm(std::string name, int64_t channels, double epsilon)
    : name_(std::move(name)),
      epsilon_(epsilon),
      weight_(at::ones({channels})),
      bias_(at::zeros({channels})),
      running_mean_(at::zeros({channels})),
      running_var_(at::ones({channels})),
      num_batches_tracked_(at::zeros({}, at::kLong)) {}

at::Tensor FrozenNorm::Scale() const { return weight_ * (running_var_ + epsilon_).rsqrt(); }

at::Tensor FrozenNorm::Shift(const at::Tensor& scale, const at::Tensor& bias) const {
  return bias_ + (bias.defined() ? bias - running_mean_ : -running_mean_) * scale;
}

void FrozenNorm::Visit(const TensorVisitor& visitor) {
  visitor(name_ + ".weight", weight_, TensorRole::kParameter);
  visitor(name_ + ".bias", bias_, TensorRole::kParameter);
  visitor(name_ + ".running_mean", running_mean_, TensorRole::kBuffer);
  visitor(name_ + ".running_var", running_var_, TensorRole::kBuffer);
  visitor(name_ + ".num_batches_tracked", num_batches_tracked_, TensorRole::kBuffer);
}

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
  norm_.emplace(std::move(norm_name), options.out_channels, norm_epsilon);
}

at::Tensor ConvolutionUnit::Forward(const at::Tensor& x_BCHW) const {
  at::Tensor weight = weight_;
  at::Tensor bias = bias_;
  if (norm_) {
    const at::Tensor scale = norm_->Scale();
    weight = weight_ * scale.view({-1, 1, 1, 1});
    bias = norm_->Shift(scale, bias_);
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
  if (norm_) norm_->Visit(visitor);
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
