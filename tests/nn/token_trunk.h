// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <ATen/TensorOperators.h>
#include <ATen/ops/avg_pool2d.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/full.h>

#include <memory>
#include <string>

#include "nn/trunk.h"
#include "util/index.h"

namespace vantage::nn {

// A trunk with the shapes of a vision transformer, whose features a test can compute by hand: tokens are
// means of patches of 8 x 8 pixels, the class token is a parameter, block i adds i + 1 times the mean of all
// tokens, and the final norm halves.
class TokenTrunk : public Trunk {
 public:
  static constexpr int64_t kPatch = 8;
  static constexpr int64_t kChannels = 3;
  static constexpr int kBlocks = 3;

  static const TrunkRow& Row() {
    static const TrunkRow kRow = {
        .name = "tokens",
        .channels = kChannels,
        .input = {.smallest_side = kPatch, .multiple_of = kPatch},
        .mark = "cls_token",
        .mark_shape = {1, 1, kChannels},
        .has_tokens = true,
        .make = [](const TrunkRow& row, MapEnd) { return std::make_unique<TokenTrunk>(row); }};
    return kRow;
  }

  explicit TokenTrunk(const TrunkRow& row = Row())
      : Trunk(row), class_token_(at::full({1, 1, kChannels}, 0.5)) {}

  TrunkState Stem(const at::Tensor& images_B3HW, const PassContext& /*pass*/) const override {
    const at::Tensor map = at::avg_pool2d(images_B3HW, kPatch, kPatch);
    return {at::cat({class_token_.expand({map.size(0), 1, kChannels}), map.flatten(2).transpose(1, 2)}, 1),
            map.size(2), map.size(3)};
  }
  int stages() const override { return kBlocks; }
  TrunkState Run(TrunkState state, int first, int last, const PassContext& /*pass*/) const override {
    for (int block = first; block < last; ++block)
      state.x = state.x + (block + 1) * state.x.mean({1}, /*keepdim=*/true);
    return state;
  }
  Features Finish(const TrunkState& state, const FeatureRequest& request,
                  const PassContext& /*pass*/) const override {
    const int64_t patches = state.rows * state.columns;
    const at::Tensor normed = state.x / 2;
    Features features;
    if (request.map) {
      features.map_BCHW = (request.map_after_norm ? normed : state.x)
                              .narrow(1, 1, patches)
                              .transpose(1, 2)
                              .reshape({state.x.size(0), kChannels, state.rows, state.columns});
    }
    if (request.class_token) features.class_BC = normed.select(1, 0);
    if (request.tokens)
      features.tokens_BNC = (request.tokens->after_norm ? normed : state.x).narrow(1, 1, patches);
    return features;
  }
  void ForEachLayer(const std::function<void(Layer&)>& /*visit*/) override {}
  void Replace(const TensorReplacer& replacer) override {
    replacer("cls_token", class_token_, TensorRole::kParameter);
  }

 private:
  at::Tensor class_token_;
};

}  // namespace vantage::nn
