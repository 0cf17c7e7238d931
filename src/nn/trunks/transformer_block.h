// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>

#include "nn/fold_norms.h"
#include "nn/layer.h"
#include "nn/linear_layer.h"
#include "nn/trunks/positions.h"

namespace vantage::nn {

// Layer norm (Ba et al., 2016) over the last dimension, in float32 or float64.
class LayerNorm : public Layer {
 public:
  LayerNorm(std::string name, int64_t channels, double epsilon);

  at::Tensor Forward(const at::Tensor& x, const PassContext& pass) const override;
  void Replace(const TensorReplacer& replacer) override;
  // Moves the scale and the shift into the layer that follows, unless that has been done.
  void FoldInto(LinearLayer& layer);

 private:
  std::string name_;
  double epsilon_;
  at::Tensor weight_;  // undefined after FoldInto
  at::Tensor bias_;
};

// The layers of a block's MLP and their names.
enum class Mlp {
  kGelu,          // fc2(gelu(fc1(x))), with the exact error function
  kPackedSwiGlu,  // w3(silu(a) b), where w12(x) is a followed by b: SwiGLU (Shazeer, 2020)
  kSwiGlu,        // w3(silu(w1(x)) w2(x))
};

struct BlockShape {
  int64_t channels = 0;
  int64_t heads = 0;
  int64_t hidden = 0;  // hidden channels of the MLP
  Mlp mlp = Mlp::kGelu;
  double norm_epsilon = 1e-6;
  // Whether the bias of queries, keys and values is multiplied by a stored mask, which is 0 for keys and 1
  // for the others.
  bool masks_bias = false;
};

// A block of a vision transformer (Dosovitskiy et al., ICLR 2021) with LayerScale (Touvron et al., ICCV
// 2021):
//   x <- x + scale1 * attention(norm1(x)),  x <- x + scale2 * mlp(norm2(x)).
// In training, stochastic depth (PassContext::drop_path) leaves out either branch per image. Tensors have the
// names of DINOv2's and DINOv3's own code.
class TransformerBlock : public Layer, public FoldableLayer, public FreezableLayer {
 public:
  TransformerBlock(const std::string& name, const BlockShape& shape);

  static constexpr int64_t kAllTokens = std::numeric_limits<int64_t>::max();

  // x: B x tokens x C, float32, or float64 if `type` is. Matrix products are computed in `type`, everything
  // else in the type of x. Without tensors in `rotary`, nothing is rotated. Returns the first `outputs`
  // tokens of the result, without computing the others.
  at::Tensor Forward(const at::Tensor& x_BNC, const RotaryTable& rotary, at::ScalarType type,
                     const PassContext& pass, int64_t outputs = kAllTokens) const;
  at::Tensor Forward(const at::Tensor& x_BNC, const PassContext& pass) const override {
    return Forward(x_BNC, {}, x_BNC.scalar_type(), pass);
  }
  void Replace(const TensorReplacer& replacer) override;

  // Multiplies both scales into the layers before them and the mask into the bias, joins w1 and w2 of kSwiGlu
  // to one layer, and folds the norms into the layers after them.
  void Fold() override;
  // Packs the linear layers (LinearLayer::Pack).
  void Freeze() override;

 private:
  // Stochastic depth: the factor of the branch for each image, B: 0 if it is left out, else the reciprocal of
  // the probability that it is kept. Undefined if the pass or the block leaves out nothing.
  at::Tensor Kept(const char* branch, int64_t batch, const PassContext& pass) const;
  // x plus the branch's values times Kept; values are not computed if the branch is left out for all images.
  at::Tensor Add(const at::Tensor& x_BNC, const char* branch, const PassContext& pass,
                 const std::function<at::Tensor()>& values) const;
  // Attention of the first `outputs` tokens to all.
  at::Tensor Attention(const at::Tensor& x_BNC, const RotaryTable& rotary, int64_t outputs) const;
  at::Tensor ApplyMlp(const at::Tensor& x_BNC) const;

  std::string name_;
  BlockShape shape_;
  bool frozen_ = false;
  std::optional<bool> is_trained_;  // whether qkv_ was trained before Fold, which makes it depend on norm1_
  LayerNorm norm1_;
  LinearLayer qkv_;
  at::Tensor bias_mask_;  // undefined if there is none, or after Fold
  LinearLayer projection_;
  at::Tensor scale1_;  // undefined after Fold
  LayerNorm norm2_;
  LinearLayer in_;      // fc1, w12 or w1
  LinearLayer second_;  // w2 of kSwiGlu, until Fold appends it to w1
  LinearLayer out_;     // fc2 or w3
  at::Tensor scale2_;
};

}  // namespace vantage::nn
