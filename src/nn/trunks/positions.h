// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

// Position encodings of a vision transformer's patch tokens.
namespace vantage::nn {

// How a square grid of learned positions is resized bicubically to a photo's rows and columns of patches.
// Implementations differ, and with them the descriptors.
enum class PositionRule {
  // Sampled at the scales (rows + 0.1) / grid and (columns + 0.1) / grid: DINOv2's own code for networks
  // without registers.
  kOffset,
  // Sampled at the scales rows / grid and columns / grid: transformers, for the same networks.
  kSize,
  // The same scales, antialiased if the grid shrinks: timm, and all codes for networks with registers.
  kAntialias,
};

// "offset", "size", "antialias".
std::vector<std::string> PositionRuleNames();
// Throws UsageError for another name.
PositionRule ParsePositionRule(const std::string& name);

// positions: 1 x grid^2 x C, row by row. Returns 1 x (rows * columns) x C; the positions unchanged if the
// grid has this size. Throws Error if they are not a square grid.
at::Tensor ResizePositions(const at::Tensor& positions_1NC, int64_t rows, int64_t columns, PositionRule rule);

// Axial rotary positions (Heo et al., Rotary position embedding for vision transformer, ECCV 2024; DINOv3,
// section 3.2): cosines and sines of the angles by which pairs of channels of queries and keys are rotated.
struct RotaryTable {
  at::Tensor cos_ND;  // tokens x half the channels of a head; undefined: no rotation
  at::Tensor sin_ND;

  // The table of the first tokens.
  RotaryTable First(int64_t tokens) const {
    return {cos_ND.narrow(0, 0, tokens), sin_ND.narrow(0, 0, tokens)};
  }
};

// The angles of a patch with centre (x, y) are 2 pi y / period for each period, then 2 pi x / period for
// each. x and y are in -1..1, from one side of the photo to the other. The first `others` tokens are not
// patches: their angles are 0. periods: one for each quarter of a head's channels.
RotaryTable MakeRotaryTable(const at::Tensor& periods, int64_t rows, int64_t columns, int64_t others);

// Rotates channels i and i + D of each head by the table's angle i, where D is half the head's channels. The
// last two dimensions of x are tokens and channels of a head.
at::Tensor Turn(const at::Tensor& x_BHNC, const RotaryTable& table);

}  // namespace vantage::nn
