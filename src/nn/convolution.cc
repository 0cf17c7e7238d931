// SPDX-License-Identifier: BSD-3-Clause
#include "nn/convolution.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/ops/conv2d.h>

namespace vantage::nn {
namespace {

// LibTorch's compiler (torch.compile) uses these; they have no C++ function, only a schema.
// mkldnn::_convolution_pointwise(X, W, B?, padding, stride, dilation, groups, attr, scalars, algorithm?)
// mkldnn::_convolution_pointwise.binary(X, other, W, B?, padding, stride, dilation, groups, binary_attr,
// alpha?,
//                                       unary_attr?, unary_scalars, unary_algorithm?)
std::optional<c10::OperatorHandle> FindOperator(const char* overload) {
  return c10::Dispatcher::singleton().findSchema({"mkldnn::_convolution_pointwise", overload});
}

c10::List<std::optional<at::Scalar>> OneDnnScalars(const Activation& activation) {
  c10::List<std::optional<at::Scalar>> scalars;
  if (!activation.has_onednn_scalars) return scalars;
  for (const double scalar : activation.onednn_scalars) scalars.push_back(at::Scalar(scalar));
  return scalars;
}

c10::IValue OrNone(const at::Tensor& tensor) {
  return tensor.defined() ? c10::IValue(tensor) : c10::IValue();
}

}  // namespace

at::Tensor AddAndActivate(at::Tensor x, const at::Tensor& residual, const Activation& activation) {
  if (residual.defined()) x = x + residual;
  return activation.forward(x);
}

at::Tensor PlainConvolution(const at::Tensor& x_BCHW, const at::Tensor& weight, const at::Tensor& bias,
                            const ConvolutionOptions& options, const at::Tensor& residual_BCHW,
                            const Activation& activation) {
  return AddAndActivate(
      at::conv2d(x_BCHW, weight, bias, options.stride, options.padding, /*dilation=*/1, options.groups),
      residual_BCHW, activation);
}

at::Tensor FusedConvolution(const at::Tensor& x_BCHW, const at::Tensor& weight, const at::Tensor& bias,
                            const ConvolutionOptions& options, const at::Tensor& residual_BCHW,
                            const Activation& activation) {
  static const std::optional<c10::OperatorHandle> kPlain = FindOperator("");
  static const std::optional<c10::OperatorHandle> kWithResidual = FindOperator("binary");
  if (!kPlain || !kWithResidual || !x_BCHW.device().is_cpu())
    return PlainConvolution(x_BCHW, weight, bias, options, residual_BCHW, activation);
  const bool has_residual = residual_BCHW.defined();
  if (activation.onednn_name == nullptr || (has_residual && !activation.fuses_after_addition)) {
    return activation.forward(FusedConvolution(x_BCHW, weight, bias, options, residual_BCHW, kNoActivation));
  }
  const std::vector<int64_t> padding(2, options.padding);
  const std::vector<int64_t> stride(2, options.stride);
  const std::vector<int64_t> dilation(2, 1);
  std::vector<c10::IValue> stack = {x_BCHW};
  if (has_residual) stack.emplace_back(residual_BCHW);
  stack.insert(stack.end(), {weight, OrNone(bias), padding, stride, dilation, options.groups});
  if (has_residual) {
    stack.emplace_back("add");
    stack.emplace_back();
    stack.push_back(&activation == &kNoActivation ? c10::IValue() : c10::IValue(activation.onednn_name));
  } else {
    stack.emplace_back(activation.onednn_name);
  }
  stack.emplace_back(OneDnnScalars(activation));
  stack.emplace_back();
  (has_residual ? kWithResidual : kPlain)->callBoxed(stack);
  return std::move(stack.front()).toTensor();
}

}  // namespace vantage::nn
