// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>

namespace vantage::nn {

// Where a convolutional trunk's map ends. Most trunks support kAfterActivation only
// (TrunkRow::can_end_before_activation).
enum class MapEnd {
  kAfterActivation,
  kBeforeActivation,  // before the last one
};

// Requests the tokens of one transformer block.
struct TokenRequest {
  int block = -1;  // from 0; negative values count from the end: -1 is the last block
  bool after_norm = true;

  bool operator==(const TokenRequest&) const = default;
};

// The features that a head requests from a trunk.
struct FeatureRequest {
  // The last feature map. A transformer's map consists of the last block's tokens.
  bool map = true;
  bool map_after_norm = true;  // transformers: after the final norm
  MapEnd map_end = MapEnd::kAfterActivation;
  // The class token after the final norm.
  bool class_token = false;
  std::optional<TokenRequest> tokens;

  bool operator==(const FeatureRequest&) const = default;
};

// A trunk's output, float32. Features that were not requested are undefined.
struct Features {
  at::Tensor map_BCHW;
  at::Tensor class_BC;
  at::Tensor tokens_BNC;  // patch tokens, row by row, without class token and registers
};

}  // namespace vantage::nn
