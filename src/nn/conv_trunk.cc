// SPDX-License-Identifier: BSD-3-Clause
#include "nn/conv_trunk.h"

#include "util/index.h"
#include "util/string.h"
#include "vantage/error.h"

namespace vantage::nn {

TrunkState ConvTrunk::Stem(const at::Tensor& images_B3HW, const PassContext& pass) const {
  return {layers_.stem.Forward(images_B3HW, pass)};
}

TrunkState ConvTrunk::Run(TrunkState state, int first, int last, const PassContext& pass) const {
  for (int stage = first; stage < last; ++stage)
    state.x = layers_.stages[ToIndex(stage)]->Forward(state.x, pass);
  return state;
}

Features ConvTrunk::Finish(const TrunkState& state, const FeatureRequest& request,
                           const PassContext& pass) const {
  if (request.class_token || request.tokens)
    throw UsageError(StrCat("a ", row().name, " has a feature map, no tokens"));
  return {.map_BCHW = layers_.last.Forward(state.x, pass).to(at::kFloat)};
}

void ConvTrunk::ForEachLayer(const std::function<void(Layer&)>& visit) {
  visit(layers_.stem);
  for (const auto& stage : layers_.stages) visit(*stage);
  visit(layers_.last);
}

void ConvTrunk::Replace(const TensorReplacer& replacer) {
  ForEachLayer([&](Layer& layer) { layer.Replace(replacer); });
}

}  // namespace vantage::nn
