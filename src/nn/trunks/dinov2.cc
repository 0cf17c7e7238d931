// SPDX-License-Identifier: BSD-3-Clause
#include "nn/trunks/vision_transformer.h"

// Oquab et al., DINOv2: Learning robust visual features without supervision, TMLR 2024, and Darcet et al.,
// Vision transformers need registers, ICLR 2024; tensors are named as in the authors' files.
namespace vantage::nn {
namespace {

struct DinoV2Size {
  const char* name;
  int64_t channels;
  int64_t heads;
  int blocks;
  Mlp mlp = Mlp::kGelu;
};

TrunkRow DinoV2Row(const DinoV2Size& size, bool has_registers) {
  constexpr int64_t kGrid = 37;  // patches of 14 pixels along 518
  constexpr int64_t kRegisters = 4;
  const bool is_gated = size.mlp != Mlp::kGelu;
  // Gated: 2/3 of the hidden channels, so that both kinds have as many weights; rounded up to a multiple
  // of 8.
  const int64_t hidden = is_gated ? (size.channels * 4 * 2 / 3 + 7) / 8 * 8 : 4 * size.channels;
  TrunkRow row =
      VisionTransformerRow(std::string("dinov2_") + size.name + (has_registers ? "_reg" : ""),
                           {.block = {size.channels, size.heads, hidden, size.mlp},
                            .patch = 14,
                            .registers = has_registers ? kRegisters : 0,
                            .grid = kGrid},
                           size.blocks, has_registers ? "register_tokens" : "pos_embed",
                           {1, has_registers ? kRegisters : 1 + kGrid * kGrid, size.channels}, "Apache-2.0");
  row.positions = has_registers ? "antialias" : "offset";
  return row;
}

}  // namespace

std::vector<TrunkRow> DinoV2Trunks() {
  std::vector<TrunkRow> rows;
  for (const bool has_registers : {true, false}) {
    for (const DinoV2Size& size :
         {DinoV2Size{"vits14", 384, 6, 12}, DinoV2Size{"vitb14", 768, 12, 12},
          DinoV2Size{"vitl14", 1024, 16, 24}, DinoV2Size{"vitg14", 1536, 24, 40, Mlp::kPackedSwiGlu}})
      rows.push_back(DinoV2Row(size, has_registers));
  }
  return rows;
}

}  // namespace vantage::nn
