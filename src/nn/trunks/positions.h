// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

// How the tokens of a vision transformer tell where in the photo they are.
namespace vantage::nn {

// How a square grid of learned positions is resized, bicubically, to a photo's rows and columns of patches.
// Implementations differ, and so do their descriptors.
enum class PositionRule {
  // By the factors (rows + 0.1) / grid and (columns + 0.1) / grid, which decide where it is sampled: DINOv2's
  // own code for networks without registers.
  kOffset,
  // To the size: transformers, for the same networks.
  kSize,
  // To the size, antialiased where it shrinks: timm, and everybody for networks with registers.
  kAntialias,
};

// "offset", "size", "antialias".
std::vector<std::string> PositionRuleNames();
// Throws UsageError for another name.
PositionRule ParsePositionRule(const std::string& name);

// positions: 1 x grid^2 x C, row by row. Returns 1 x rows * columns x C. A grid of that size is not changed.
at::Tensor ResizePositions(const at::Tensor& positions_1NC, int64_t rows, int64_t columns, PositionRule rule);

// Rotary positions (Heo et al., Rotary position embedding for vision transformer, ECCV 2024, axial; DINOv3
// section 3.2): the angles by which pairs of channels of queries and keys are turned.
struct RotaryTable {
  at::Tensor cos_ND;  // tokens x half the channels of a head; undefined: nothing is turned
  at::Tensor sin_ND;
};

// The angles 2 pi y / period, then 2 pi x / period, where y and x are the centre of a patch, in -1..1 from
// one side of the photo to the other. The first `others` tokens are no patches and are not turned. periods: a
// quarter of a head's channels.
RotaryTable MakeRotaryTable(const at::Tensor& periods, int64_t rows, int64_t columns, int64_t others);

// Turns x, whose last two dimensions are tokens and channels of a head; channel i and channel i + half are a
// pair.
at::Tensor Turn(const at::Tensor& x_BHNC, const RotaryTable& table);

}  // namespace vantage::nn
