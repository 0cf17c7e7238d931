// SPDX-License-Identifier: BSD-3-Clause
#include <ATen/Context.h>
#include <ATen/core/grad_mode.h>

#include "nn/convolution.h"

#ifdef VANTAGE_FUSED_TRAINING
#include <ATen/native/ConvUtils.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <array>
#include <optional>

#include "util/check.h"
#include "util/index.h"
#endif

namespace vantage::nn {

#ifdef VANTAGE_FUSED_TRAINING
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// Functions take no undefined tensors.
std::optional<at::Tensor> IfDefined(const at::Tensor& tensor) {
  return tensor.defined() ? std::optional(tensor) : std::nullopt;
}

int64_t PlaceOf(const Activation& activation) {
  const auto all = Activations();
  const auto found = std::find(all.begin(), all.end(), &activation);
  VANTAGE_CHECK(found != all.end(), "the activation ", activation.name,
                " is not in the table of activations");
  return found - all.begin();
}

// The fused convolution with oneDNN's gradients. LibTorch itself takes other kernels where an operator has
// one thread: for 1 x 1 convolutions a general matrix product, which is slow on CPUs not of its library's
// maker. Keeps the activation's result alone, not what it was made from, if its gradient can be had from
// that.
struct FusedFunction : public torch::autograd::Function<FusedFunction> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& weight,
                            const std::optional<at::Tensor>& bias, const std::optional<at::Tensor>& residual,
                            int64_t stride, int64_t padding, int64_t groups, int64_t activation) {
    ConvolutionOptions options;
    options.stride = stride;
    options.padding = padding;
    options.groups = groups;
    const Activation& row = *Activations()[ToIndex(activation)];
    const bool keeps_input = row.gradient_from == Activation::GradientFrom::kInput;
    const at::Tensor kept =
        FusedConvolution(x, weight, bias.value_or(at::Tensor()), options, residual.value_or(at::Tensor()),
                         keeps_input ? kNoActivation : row);
    context->save_for_backward({x, weight, kept});
    context->saved_data["stride"] = stride;
    context->saved_data["padding"] = padding;
    context->saved_data["groups"] = groups;
    context->saved_data["activation"] = activation;
    context->saved_data["has_bias"] = bias.has_value();
    context->saved_data["has_residual"] = residual.has_value();
    return keeps_input ? row.forward(kept) : kept;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const auto number = [&](const char* name) { return context->saved_data[name].toInt(); };
    const auto is_set = [&](const char* name) { return context->saved_data[name].toBool(); };
    const at::Tensor gradient = Activations()[ToIndex(number("activation"))]->backward(
        gradients[0].contiguous(at::MemoryFormat::ChannelsLast), saved[2]);
    const std::vector<int64_t> padding(2, number("padding"));
    const std::vector<int64_t> stride(2, number("stride"));
    const std::vector<int64_t> dilation(2, 1);
    const std::array<bool, 3> wanted = {context->needs_input_grad(0), context->needs_input_grad(1),
                                        is_set("has_bias") && context->needs_input_grad(2)};
    auto [by_x, by_weight, by_bias] = at::native::mkldnn_convolution_backward_stub(
        at::kCPU, saved[0], gradient, saved[1], padding, stride, dilation, number("groups"), wanted);
    return {by_x, by_weight, by_bias, is_set("has_residual") ? gradient : at::Tensor(), {}, {}, {}, {}};
  }
};

}  // namespace

at::Tensor TrainedConvolution(const at::Tensor& x_BCHW, const at::Tensor& weight, const at::Tensor& bias,
                              const ConvolutionOptions& options, const at::Tensor& residual_BCHW,
                              const Activation& activation) {
  if (!x_BCHW.device().is_cpu() || !at::hasMKLDNN())
    return PlainConvolution(x_BCHW, weight, bias, options, residual_BCHW, activation);
  return at::GradMode::is_enabled()
             ? FusedFunction::apply(x_BCHW, weight, IfDefined(bias), IfDefined(residual_BCHW), options.stride,
                                    options.padding, options.groups, PlaceOf(activation))
             : FusedConvolution(x_BCHW, weight, bias, options, residual_BCHW, activation);
}

#else

at::Tensor TrainedConvolution(const at::Tensor& x_BCHW, const at::Tensor& weight, const at::Tensor& bias,
                              const ConvolutionOptions& options, const at::Tensor& residual_BCHW,
                              const Activation& activation) {
  return PlainConvolution(x_BCHW, weight, bias, options, residual_BCHW, activation);
}

#endif

}  // namespace vantage::nn
