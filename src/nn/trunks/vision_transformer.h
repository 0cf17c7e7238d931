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
  // Name and number of the tokens between the class token and the patches: DINOv2's registers (Darcet et al.,
  // ICLR 2024), DINOv3's storage tokens.
  const char* registers_name = "register_tokens";
  int64_t registers = 0;
  // Side of the square grid of learned positions; 0: positions are rotary.
  int64_t grid = 0;
};

// What turns images into tokens: a linear layer of each patch, the class token, registers and learned
// positions.
class PatchTokens : public Layer, public FreezableLayer {
 public:
  PatchTokens(const VisionTransformerShape& shape, const std::string& positions);

  // images: B x 3 x rows * patch x columns * patch. Returns B x tokens x C, float32 for images of less.
  at::Tensor Forward(const at::Tensor& images_B3HW, const PassContext& pass) const override;
  // Replaces tokens and positions, then the patches' layer, then the rotary periods.
  void Replace(const TensorReplacer& replacer) override;
  // Resized positions are kept from here.
  void Freeze() override { frozen_ = true; }

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
  // Positions of the sizes seen last.
  mutable std::mutex mutex_;
  mutable std::vector<std::pair<std::pair<int64_t, int64_t>, at::Tensor>> kept_;
};

// A vision transformer as DINOv2 (Oquab et al., TMLR 2024) and DINOv3 (Simeoni et al., 2025) have it, whose
// stages are its blocks. The map and the class token come after the final norm. The row says the number of
// blocks and how positions are resized. Images whose sides are no multiples of the patch are resized to the
// nearest ones, bilinearly with antialiasing, as MegaLoc does.
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

// A row of a family of vision transformers, which `mark` and `mark_shape` recognise. `blocks`: their usual
// number.
TrunkRow VisionTransformerRow(const std::string& name, const VisionTransformerShape& shape, int blocks,
                              const std::string& mark, std::vector<int64_t> mark_shape,
                              const std::string& licence);

}  // namespace vantage::nn
