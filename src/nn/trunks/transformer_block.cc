// SPDX-License-Identifier: BSD-3-Clause
#include "nn/trunks/transformer_block.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/scaled_dot_product_attention.h>
#include <ATen/ops/silu.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include <span>
#include <utility>
#include <vector>

#include "nn/new_tensors.h"
#include "util/index.h"

namespace vantage::nn {
namespace {

// 1 for the biases of queries and values, 0 for those of keys.
at::Tensor NewBiasMask(int64_t channels) {
  const at::Tensor ones = at::ones({channels}, NewTensor());
  return at::cat({ones, at::zeros({channels}, NewTensor()), ones});
}

void Scale(LinearLayer& layer, at::Tensor& scale) {
  if (!scale.defined()) return;
  layer = {layer.weight * scale.unsqueeze(1), layer.bias * scale};
  scale = at::Tensor();
}

}  // namespace

LayerNorm::LayerNorm(std::string name, int64_t channels, double epsilon)
    : name_(std::move(name)),
      epsilon_(epsilon),
      weight_(at::ones({channels}, NewTensor())),
      bias_(at::zeros({channels}, NewTensor())) {}

at::Tensor LayerNorm::Forward(const at::Tensor& x, const PassContext& /*pass*/) const {
  return at::layer_norm(x, x.sizes().slice(x.dim() - 1), weight_, bias_, epsilon_);
}

void LayerNorm::FoldInto(LinearLayer& layer) {
  if (!weight_.defined()) return;
  // No matrix product, whose bits may depend on the number of threads.
  layer = {layer.weight * weight_, layer.bias + (layer.weight * bias_).sum(1)};
  weight_ = bias_ = at::Tensor();
}

void LayerNorm::Replace(const TensorReplacer& replacer) {
  if (!weight_.defined()) return;
  replacer(name_ + ".weight", weight_, TensorRole::kParameter);
  replacer(name_ + ".bias", bias_, TensorRole::kParameter);
}

TransformerBlock::TransformerBlock(const std::string& name, const BlockShape& shape)
    : name_(name),
      shape_(shape),
      norm1_(name + ".norm1", shape.channels, shape.norm_epsilon),
      qkv_(LinearLayer::Zeros(3 * shape.channels, shape.channels)),
      bias_mask_(shape.masks_bias ? NewBiasMask(shape.channels) : at::Tensor()),
      projection_(LinearLayer::Zeros(shape.channels, shape.channels)),
      scale1_(at::ones({shape.channels}, NewTensor())),
      norm2_(name + ".norm2", shape.channels, shape.norm_epsilon),
      in_(LinearLayer::Zeros(shape.mlp == Mlp::kPackedSwiGlu ? 2 * shape.hidden : shape.hidden,
                             shape.channels)),
      out_(LinearLayer::Zeros(shape.channels, shape.hidden)),
      scale2_(at::ones({shape.channels}, NewTensor())) {
  if (shape.mlp == Mlp::kSwiGlu) second_ = LinearLayer::Zeros(shape.hidden, shape.channels);
}

at::Tensor TransformerBlock::Kept(const char* branch, int64_t batch, const PassContext& pass) const {
  if (!pass.is_training || pass.drop_path == 0 || !is_trained_.value_or(qkv_.weight.requires_grad()))
    return {};
  std::vector<double> kept;
  for (int64_t image = 0; image < batch; ++image) {
    const bool is_dropped = pass.Random(name_ + branch, ToIndex(image)).Chance(pass.drop_path);
    kept.push_back(is_dropped ? 0 : 1 / (1 - pass.drop_path));
  }
  return at::tensor(kept, at::kDouble);
}

at::Tensor TransformerBlock::Add(const at::Tensor& x_BNC, const char* branch, const PassContext& pass,
                                 const std::function<at::Tensor()>& values) const {
  const at::Tensor kept_B = Kept(branch, x_BNC.size(0), pass);
  if (!kept_B.defined()) return x_BNC + values();
  if (!kept_B.any().item<bool>()) return x_BNC;
  return x_BNC + values() * kept_B.to(x_BNC.options()).view({-1, 1, 1});
}

at::Tensor TransformerBlock::Attention(const at::Tensor& x_BNC, const RotaryTable& rotary,
                                       int64_t outputs) const {
  LinearLayer qkv = qkv_;
  if (bias_mask_.defined()) qkv.bias = qkv.bias * bias_mask_;
  const int64_t batch = x_BNC.size(0);
  // Unbound, not selected: the backward pass would fill a tensor with zeros for each part.
  std::vector<at::Tensor> qkv_BHNC =
      qkv(x_BNC).view({batch, x_BNC.size(1), 3, shape_.heads, -1}).permute({2, 0, 3, 1, 4}).unbind(0);
  if (outputs < x_BNC.size(1)) qkv_BHNC[0] = qkv_BHNC[0].narrow(2, 0, outputs);
  if (rotary.cos_ND.defined()) {
    for (at::Tensor& turned : std::span(qkv_BHNC).first(2))
      turned = Turn(turned, rotary.First(turned.size(2))).to(x_BNC.scalar_type());
  }
  const at::Tensor values_BHNC = at::scaled_dot_product_attention(qkv_BHNC[0], qkv_BHNC[1], qkv_BHNC[2]);
  return projection_(values_BHNC.transpose(1, 2).reshape({batch, outputs, shape_.channels}));
}

at::Tensor TransformerBlock::ApplyMlp(const at::Tensor& x_BNC) const {
  if (shape_.mlp == Mlp::kGelu) return out_(in_.WithGelu(x_BNC));
  const at::Tensor hidden = in_(x_BNC);
  const bool is_packed = !second_;
  const at::Tensor gate = is_packed ? hidden.narrow(-1, 0, shape_.hidden) : hidden;
  const at::Tensor value = is_packed ? hidden.narrow(-1, shape_.hidden, shape_.hidden) : second_(x_BNC);
  return out_(at::silu(gate) * value);
}

at::Tensor TransformerBlock::Forward(const at::Tensor& x_BNC, const RotaryTable& rotary, at::ScalarType type,
                                     const PassContext& pass, int64_t outputs) const {
  const at::Tensor kept_BNC = outputs < x_BNC.size(1) ? x_BNC.narrow(1, 0, outputs) : x_BNC;
  at::Tensor x = Add(kept_BNC, ".drop_path1", pass, [&] {
    const at::Tensor attention = Attention(norm1_.Forward(x_BNC, pass).to(type), rotary, kept_BNC.size(1));
    return scale1_.defined() ? attention * scale1_ : attention;
  });
  if (frozen_) return x.add_(ApplyMlp(norm2_.Forward(x, pass).to(type)));
  return Add(x, ".drop_path2", pass, [&] {
    const at::Tensor mlp = ApplyMlp(norm2_.Forward(x, pass).to(type));
    return scale2_.defined() ? mlp * scale2_ : mlp;
  });
}

void TransformerBlock::Replace(const TensorReplacer& replacer) {
  const auto replace_scale = [&](const char* name, at::Tensor& scale) {
    if (scale.defined()) replacer(name_ + name, scale, TensorRole::kParameter);
  };
  norm1_.Replace(replacer);
  qkv_.Replace(name_ + ".attn.qkv", replacer);
  if (bias_mask_.defined()) replacer(name_ + ".attn.qkv.bias_mask", bias_mask_, TensorRole::kBuffer);
  projection_.Replace(name_ + ".attn.proj", replacer);
  replace_scale(".ls1.gamma", scale1_);
  norm2_.Replace(replacer);
  const bool has_gelu = shape_.mlp == Mlp::kGelu;
  const bool is_packed = shape_.mlp == Mlp::kPackedSwiGlu;
  in_.Replace(name_ + (has_gelu ? ".mlp.fc1" : is_packed ? ".mlp.w12" : ".mlp.w1"), replacer);
  second_.Replace(name_ + ".mlp.w2", replacer);
  out_.Replace(name_ + (has_gelu ? ".mlp.fc2" : ".mlp.w3"), replacer);
  replace_scale(".ls2.gamma", scale2_);
}

void TransformerBlock::Fold() {
  if (!is_trained_) is_trained_ = qkv_.weight.requires_grad();
  Scale(projection_, scale1_);
  Scale(out_, scale2_);
  if (bias_mask_.defined()) qkv_.bias = qkv_.bias * std::exchange(bias_mask_, at::Tensor());
  if (second_) {
    in_ = {at::cat({in_.weight, second_.weight}), at::cat({in_.bias, second_.bias})};
    second_ = {};
    shape_.mlp = Mlp::kPackedSwiGlu;
  }
  norm1_.FoldInto(qkv_);
  norm2_.FoldInto(in_);
}

void TransformerBlock::Freeze() {
  for (LinearLayer* layer : {&qkv_, &projection_, &in_, &out_}) layer->Pack();
  frozen_ = true;
}

}  // namespace vantage::nn
