// SPDX-License-Identifier: BSD-3-Clause
#include "nn/trunks/vision_transformer.h"

// Simeoni et al., DINOv3, 2025; tensors are named as in the authors' files.
namespace vantage::nn {
namespace {

struct DinoV3Size {
  const char* name;
  int64_t channels;
  int64_t heads;
  int64_t hidden;
  int blocks;
  Mlp mlp = Mlp::kGelu;
};

TrunkRow DinoV3Row(const DinoV3Size& size) {
  constexpr int64_t kStorageTokens = 4;
  const bool is_gated = size.mlp == Mlp::kSwiGlu;
  const VisionTransformerShape shape = {.block = {.channels = size.channels,
                                                  .heads = size.heads,
                                                  .hidden = size.hidden,
                                                  .mlp = size.mlp,
                                                  .norm_epsilon = 1e-5,
                                                  .masks_bias = true},
                                        .patch = 16,
                                        .registers_name = "storage_tokens",
                                        .registers = kStorageTokens};
  std::vector<int64_t> mark_shape = {1, kStorageTokens, size.channels};
  if (is_gated) mark_shape = {size.hidden, size.channels};
  return VisionTransformerRow(std::string("dinov3_") + size.name, shape, size.blocks,
                              is_gated ? ".mlp.w1.weight" : "storage_tokens", mark_shape, "DINOv3 License");
}

}  // namespace

std::vector<TrunkRow> DinoV3Trunks() {
  std::vector<TrunkRow> rows;
  // Gated ones first: their files also contain the storage tokens that mark the others.
  for (const DinoV3Size& size :
       {DinoV3Size{"vits16plus", 384, 6, 1536, 12, Mlp::kSwiGlu},
        DinoV3Size{"vith16plus", 1280, 20, 5120, 32, Mlp::kSwiGlu}, DinoV3Size{"vits16", 384, 6, 1536, 12},
        DinoV3Size{"vitb16", 768, 12, 3072, 12}, DinoV3Size{"vitl16", 1024, 16, 4096, 24}})
    rows.push_back(DinoV3Row(size));
  return rows;
}

}  // namespace vantage::nn
