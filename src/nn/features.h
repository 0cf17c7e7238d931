// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>

namespace vantage::nn {

// Where a convolutional trunk's map ends. Most end in an activation in any case.
enum class MapEnd {
  kAfterActivation,
  kBeforeActivation,  // before the last one
};

// The tokens of one of a transformer's blocks.
struct TokenRequest {
  int block = -1;  // from 0; below 0: from the end, the last being -1
  bool after_norm = true;

  bool operator==(const TokenRequest&) const = default;
};

// What a head asks a trunk for.
struct FeatureRequest {
  // The last feature map. A transformer's is made of the last block's tokens, after the final norm.
  bool map = true;
  MapEnd map_end = MapEnd::kAfterActivation;
  // The class token after the final norm.
  bool class_token = false;
  std::optional<TokenRequest> tokens;

  bool operator==(const FeatureRequest&) const = default;
};

// What a trunk gives, float32. What was not asked for is undefined.
struct Features {
  at::Tensor map_BCHW;
  at::Tensor class_BC;
  at::Tensor tokens_BNC;  // of patches, rows first, without class token and registers
};

}  // namespace vantage::nn
