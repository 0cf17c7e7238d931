// SPDX-License-Identifier: BSD-3-Clause
#include "nn/linear_layer.h"

#include <ATen/Context.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/zeros.h>

#include <optional>
#include <utility>
#include <vector>

#include "nn/new_tensors.h"
#include "nn/precision.h"
#include "util/cpu.h"

namespace vantage::nn {
namespace {

// LibTorch's compiler (torch.compile) uses these; they have no C++ function, only a schema.
// mkldnn::_linear_pointwise(X, W, B?, attr, scalars, algorithm?)
// mkldnn::_reorder_linear_weight(W, batch_size?)
std::optional<c10::OperatorHandle> FindOneDnn(const char* name) {
  return c10::Dispatcher::singleton().findSchema({name, ""});
}

at::Tensor PackedLinear(const LinearLayer& layer, const at::Tensor& x, bool has_gelu) {
  static const std::optional<c10::OperatorHandle> kLinear = FindOneDnn("mkldnn::_linear_pointwise");
  std::vector<c10::IValue> stack = {x,
                                    layer.weight,
                                    layer.bias,
                                    has_gelu ? "gelu" : "none",
                                    c10::List<std::optional<at::Scalar>>(),
                                    has_gelu ? "none" : ""};  // "none": not approximated
  kLinear->callBoxed(stack);
  return std::move(stack.front()).toTensor();
}

}  // namespace

LinearLayer LinearLayer::Make(bool wanted, int64_t dimension, int64_t from) {
  if (!wanted) return {};
  LinearLayer layer{NewZeros({dimension, from}), at::zeros({dimension}, NewTensor())};
  layer.weight.diagonal().fill_(1);
  return layer;
}

LinearLayer LinearLayer::Zeros(int64_t dimension, int64_t from) {
  return {NewZeros({dimension, from}), NewZeros({dimension})};
}

at::Tensor LinearLayer::operator()(const at::Tensor& x) const {
  if (weight.is_mkldnn()) return PackedLinear(*this, x, /*has_gelu=*/false);
  return at::linear(x, CastLike(weight, x), CastLike(bias, x));
}

at::Tensor LinearLayer::WithGelu(const at::Tensor& x) const {
  return weight.is_mkldnn() ? PackedLinear(*this, x, /*has_gelu=*/true) : at::gelu((*this)(x));
}

void LinearLayer::Pack() {
  static const std::optional<c10::OperatorHandle> kPack = FindOneDnn("mkldnn::_reorder_linear_weight");
  const at::ScalarType type = weight.scalar_type();
  const bool is_known = type == at::kFloat || (type == at::kBFloat16 && HasFastBfloat16());
  if (!kPack || !FindOneDnn("mkldnn::_linear_pointwise") || !at::hasMKLDNN() || !weight.device().is_cpu() ||
      !is_known)
    return;
  constexpr int64_t kRows = 1024;  // the layout for this many rows is as fast as any from 100 to 1,400
  std::vector<c10::IValue> stack = {weight.contiguous(), kRows};
  kPack->callBoxed(stack);
  weight = std::move(stack.front()).toTensor();
}

void LinearLayer::Replace(const std::string& name, const TensorReplacer& replacer) {
  if (!weight.defined()) return;
  at::Tensor shown = weight.is_mkldnn() ? weight.to_dense() : weight;
  replacer(name + ".weight", shown, TensorRole::kParameter);
  if (!weight.is_mkldnn()) weight = shown;
  replacer(name + ".bias", bias, TensorRole::kParameter);
}

}  // namespace vantage::nn
