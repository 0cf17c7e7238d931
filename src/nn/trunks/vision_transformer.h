// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "nn/trunk.h"
#include "nn/trunks/positions.h"
#include "nn/trunks/transformer_block.h"

namespace vantage::nn {

struct VisionTransformerShape {
  BlockShape block = {};
  int64_t patch = 14;  // side of a patch, pixels
  // Name and number of the tokens between the class token and the patches: registers in DINOv2 (Darcet et
  // al., ICLR 2024), storage tokens in DINOv3.
  const char* registers_name = "register_tokens";
  int64_t registers = 0;
  // Side of the square grid of learned positions, in patches; 0: positions are rotary.
  int64_t grid = 0;
};

// Converts images to tokens: a linear layer for each patch, the class token, registers and learned positions.
class PatchTokens : public Layer, public FreezableLayer {
 public:
  // positions: name of a PositionRule; ignored if positions are rotary.
  PatchTokens(const VisionTransformerShape& shape, const std::string& positions);

  // images: B x 3 x (rows * patch) x (columns * patch). Returns B x tokens x C, float32, or float64 for
  // float64 images.
  at::Tensor Forward(const at::Tensor& images_B3HW, const PassContext& pass) const override;
  // Replaces tokens and positions, then the patches' layer, then the rotary periods.
  void Replace(const TensorReplacer& replacer) override;
  // From now on, keeps the resized positions of the last sizes seen.
  void Freeze() override { frozen_ = true; }

  // The rotations of all tokens of a photo with this many rows and columns of patches, in float32, or float64
  // if `type` is; undefined if positions are learned.
  RotaryTable Rotary(int64_t rows, int64_t columns, at::ScalarType type) const;

 private:
  at::Tensor PositionsOf(int64_t rows, int64_t columns) const;

  VisionTransformerShape shape_;
  PositionRule rule_ = PositionRule::kAntialias;
  bool frozen_ = false;
  at::Tensor class_token_;  // 1 x 1 x C
  at::Tensor positions_;    // 1 x 1 + grid^2 x C, the class token's first; undefined: rotary
  at::Tensor registers_;    // 1 x registers x C
  at::Tensor mask_token_;   // 1 x C: in place of hidden patches in pretraining, not used here
  at::Tensor weight_;       // C x 3 x patch x patch
  at::Tensor bias_;
  at::Tensor periods_;  // a quarter of a head's channels; undefined: positions are learned
  // Resized positions by rows and columns, the latest first; at most 8.
  mutable std::mutex mutex_;
  mutable std::vector<std::pair<std::pair<int64_t, int64_t>, at::Tensor>> kept_;
};

// The vision transformer of DINOv2 (Oquab et al., TMLR 2024) and DINOv3 (Simeoni et al., 2025). Its stages
// are its blocks. By default, the map and the class token are taken after the final norm (FeatureRequest).
// The row says the number of blocks and how positions are resized. Images whose sides are not multiples of
// the patch are resized to the nearest multiples, bilinearly with antialiasing, as by MegaLoc.
class VisionTransformer : public Trunk {
 public:
  VisionTransformer(const TrunkRow& row, const VisionTransformerShape& shape);

  TrunkState Stem(const at::Tensor& images_B3HW, const PassContext& pass) const override;
  int stages() const override { return static_cast<int>(blocks_.size()); }
  TrunkState Run(TrunkState state, int first, int last, const PassContext& pass) const override;
  Features Finish(const TrunkState& state, const FeatureRequest& request,
                  const PassContext& pass) const override;
  void ForEachLayer(const std::function<void(Layer&)>& visit) override;
  void Replace(const TensorReplacer& replacer) override;
  bool ComputesInFloat32(const std::string& name) const override;

 private:
  VisionTransformerShape shape_;
  PatchTokens tokens_;
  std::vector<std::unique_ptr<TransformerBlock>> blocks_;
  LayerNorm norm_;
};

// The row of a vision transformer. blocks: its published number of blocks; see VariantOf. mark, mark_shape,
// licence: fields of TrunkRow.
TrunkRow VisionTransformerRow(const std::string& name, const VisionTransformerShape& shape, int blocks,
                              const std::string& mark, std::vector<int64_t> mark_shape,
                              const std::string& licence);

}  // namespace vantage::nn
