// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <limits>
#include <optional>
#include <span>

namespace vantage::nn {

// An activation, element by element, as convolutions take it.
struct Activation {
  const char* name;
  at::Tensor (*forward)(const at::Tensor& x);

  // What `backward` computes the gradient before the activation from, beside the gradient behind it. A fused
  // convolution with gradients keeps the result alone; with kInput it is not fused, and keeps the input.
  enum class GradientFrom { kResult, kInput };
  GradientFrom gradient_from;
  at::Tensor (*backward)(const at::Tensor& gradient, const at::Tensor& kept);

  // The name by which oneDNN fuses it into convolutions; null: it does not.
  const char* onednn_name = nullptr;
  std::array<double, 2> onednn_scalars = {};
  bool has_onednn_scalars = false;
  // Whether it is fused behind the addition of a residual too.
  bool fuses_after_addition = false;

  // min(max(x, lowest), highest), if it is that: fused into Winograd's convolution.
  struct Bounds {
    float lowest = -std::numeric_limits<float>::infinity();
    float highest = std::numeric_limits<float>::infinity();
  };
  std::optional<Bounds> bounds = std::nullopt;
};

// Rows, each a file of activations/.
extern const Activation kNoActivation;
extern const Activation kRelu;
extern const Activation kRelu6;

// All of them.
std::span<const Activation* const> Activations();

}  // namespace vantage::nn
