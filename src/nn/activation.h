// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <limits>
#include <optional>
#include <span>

namespace vantage::nn {

// An element-wise activation, in the form that convolutions use it.
struct Activation {
  const char* name;
  at::Tensor (*forward)(const at::Tensor& x);

  // The tensor that `backward` needs in addition to the gradient with respect to the activation's result.
  // With kResult, a fused convolution with gradients keeps only its result. With kInput, the convolution is
  // not fused and keeps the input.
  enum class GradientFrom { kResult, kInput };
  GradientFrom gradient_from;
  at::Tensor (*backward)(const at::Tensor& gradient, const at::Tensor& kept);

  // The name under which oneDNN fuses the activation into convolutions; null if oneDNN cannot fuse it.
  const char* onednn_name = nullptr;
  std::array<double, 2> onednn_scalars = {};
  bool has_onednn_scalars = false;
  // Whether it can also be fused after the addition of a residual.
  bool fuses_after_addition = false;

  // Set if the activation is min(max(x, lowest), highest): Winograd's convolution then fuses it.
  struct Bounds {
    float lowest = -std::numeric_limits<float>::infinity();
    float highest = std::numeric_limits<float>::infinity();
  };
  std::optional<Bounds> bounds = std::nullopt;
};

// The activations, each defined in its own file in activations/.
extern const Activation kNoActivation;
extern const Activation kRelu;
extern const Activation kRelu6;

// All activations.
std::span<const Activation* const> Activations();

}  // namespace vantage::nn
