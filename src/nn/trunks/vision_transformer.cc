// SPDX-License-Identifier: BSD-3-Clause
#include "nn/trunks/vision_transformer.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/pow.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <array>

#include "nn/new_tensors.h"
#include "nn/precision.h"
#include "nn/resize_images.h"
#include "util/index.h"

namespace vantage::nn {
namespace {

constexpr double kRotaryBase = 100;  // DINOv3, section 3.2

// The type of everything except matrix products.
at::ScalarType WideType(at::ScalarType type) { return type == at::kDouble ? at::kDouble : at::kFloat; }

at::Tensor NewPeriods(const BlockShape& block) {
  const int64_t quarter = block.channels / block.heads / 4;
  return at::pow(kRotaryBase, at::arange(quarter, NewTensor()) / static_cast<double>(quarter));
}

at::Tensor RoundedToPatches(const at::Tensor& images_B3HW, int64_t patch) {
  if (images_B3HW.size(2) % patch == 0 && images_B3HW.size(3) % patch == 0) return images_B3HW;
  const std::array<PreprocessingStep, 1> steps = {{{.kind = PreprocessingStepKind::kMultiple,
                                                    .size = patch,
                                                    .interpolation = Interpolation::kBilinear,
                                                    .on_tensor = true}}};
  const at::ScalarType type = images_B3HW.scalar_type();
  return ApplyTensorSteps(images_B3HW.to(WideType(type)), steps).to(type);
}

}  // namespace

PatchTokens::PatchTokens(const VisionTransformerShape& shape, const std::string& positions)
    : shape_(shape),
      class_token_(at::zeros({1, 1, shape.block.channels}, NewTensor())),
      mask_token_(at::zeros({1, shape.block.channels}, NewTensor())),
      weight_(NewZeros({shape.block.channels, 3, shape.patch, shape.patch})),
      bias_(at::zeros({shape.block.channels}, NewTensor())) {
  if (shape.registers > 0) registers_ = at::zeros({1, shape.registers, shape.block.channels}, NewTensor());
  if (shape.grid > 0) {
    rule_ = ParsePositionRule(positions);
    positions_ = NewZeros({1, 1 + shape.grid * shape.grid, shape.block.channels});
  } else {
    periods_ = NewPeriods(shape.block);
  }
}

at::Tensor PatchTokens::PositionsOf(int64_t rows, int64_t columns) const {
  const auto resized = [&] {
    return ResizePositions(positions_.narrow(1, 1, shape_.grid * shape_.grid), rows, columns, rule_);
  };
  if (!frozen_) return resized();
  constexpr size_t kMostKept = 8;
  const std::pair size(rows, columns);
  const std::scoped_lock lock(mutex_);
  const auto found =
      std::find_if(kept_.begin(), kept_.end(), [&](const auto& item) { return item.first == size; });
  if (found != kept_.end()) {
    std::rotate(kept_.begin(), found, found + 1);
  } else {
    if (kept_.size() == kMostKept) kept_.pop_back();
    kept_.insert(kept_.begin(), {size, resized()});
  }
  return kept_.front().second;
}

at::Tensor PatchTokens::Forward(const at::Tensor& images_B3HW, const PassContext& /*pass*/) const {
  const int64_t batch = images_B3HW.size(0);
  const int64_t side = shape_.patch;
  const int64_t rows = images_B3HW.size(2) / side;
  const int64_t columns = images_B3HW.size(3) / side;
  // Pixels of a patch row by row, colours innermost, as they are in memory.
  const at::Tensor patches_BNP = images_B3HW.permute({0, 2, 3, 1})
                                     .reshape({batch, rows, side, columns, side * 3})
                                     .transpose(2, 3)
                                     .reshape({batch, rows * columns, side * side * 3});
  const at::Tensor weight = CastLike(weight_.permute({0, 2, 3, 1}).flatten(1), images_B3HW);
  at::Tensor patches =
      at::linear(patches_BNP, weight, CastLike(bias_, images_B3HW)).to(WideType(images_B3HW.scalar_type()));
  at::Tensor class_token = class_token_;
  if (positions_.defined()) {
    class_token = class_token + positions_.narrow(1, 0, 1);
    patches = patches + PositionsOf(rows, columns);
  }
  std::vector<at::Tensor> all = {class_token.expand({batch, -1, -1})};
  if (registers_.defined()) all.push_back(registers_.expand({batch, -1, -1}));
  all.push_back(patches);
  return at::cat(all, 1);
}

RotaryTable PatchTokens::Rotary(int64_t rows, int64_t columns, at::ScalarType type) const {
  if (!periods_.defined()) return {};
  return MakeRotaryTable(periods_.to(WideType(type)), rows, columns, 1 + shape_.registers);
}

void PatchTokens::Replace(const TensorReplacer& replacer) {
  const auto replace = [&](const std::string& name, at::Tensor& tensor, TensorRole role) {
    if (tensor.defined()) replacer(name, tensor, role);
  };
  replace("cls_token", class_token_, TensorRole::kParameter);
  replace("pos_embed", positions_, TensorRole::kParameter);
  replace(shape_.registers_name, registers_, TensorRole::kParameter);
  replace("mask_token", mask_token_, TensorRole::kBuffer);
  replace("patch_embed.proj.weight", weight_, TensorRole::kParameter);
  replace("patch_embed.proj.bias", bias_, TensorRole::kParameter);
  replace("rope_embed.periods", periods_, TensorRole::kBuffer);
}

VisionTransformer::VisionTransformer(const TrunkRow& row, const VisionTransformerShape& shape)
    : Trunk(row),
      shape_(shape),
      tokens_(shape, row.positions),
      norm_("norm", shape.block.channels, shape.block.norm_epsilon) {
  for (int i = 0; i < row.blocks; ++i)
    blocks_.push_back(std::make_unique<TransformerBlock>("blocks." + std::to_string(i), shape.block));
}

TrunkState VisionTransformer::Stem(const at::Tensor& images_B3HW, const PassContext& pass) const {
  const at::Tensor images = RoundedToPatches(images_B3HW, shape_.patch);
  return {.x = tokens_.Forward(images, pass),
          .rows = images.size(2) / shape_.patch,
          .columns = images.size(3) / shape_.patch,
          .type = images.scalar_type()};
}

TrunkState VisionTransformer::Run(TrunkState state, int first, int last, const PassContext& pass) const {
  const RotaryTable rotary = tokens_.Rotary(state.rows, state.columns, state.type);
  PassContext of_block = pass;
  for (int block = first; block < last; ++block) {
    of_block.drop_path = pass.drop_path * block / std::max(1, stages() - 1);
    const bool is_pruned = state.ends_in_class_token && block + 1 == stages();
    state.x = blocks_[ToIndex(block)]->Forward(state.x, rotary, state.type, of_block,
                                               is_pruned ? 1 : TransformerBlock::kAllTokens);
  }
  return state;
}

Features VisionTransformer::Finish(const TrunkState& state, const FeatureRequest& request,
                                   const PassContext& pass) const {
  const int64_t patches = state.rows * state.columns;
  const auto patches_of = [&](const at::Tensor& x_BNC) {
    return x_BNC.narrow(1, x_BNC.size(1) - patches, patches).to(at::kFloat);
  };
  const bool is_normed = (request.map && request.map_after_norm) || request.class_token ||
                         (request.tokens && request.tokens->after_norm);
  const at::Tensor normed = is_normed ? norm_.Forward(state.x, pass) : at::Tensor();
  Features features;
  if (request.map) {
    features.map_BCHW = patches_of(request.map_after_norm ? normed : state.x)
                            .transpose(1, 2)
                            .unflatten(2, at::IntArrayRef({state.rows, state.columns}));
  }
  if (request.class_token) features.class_BC = normed.select(1, 0).to(at::kFloat);
  if (request.tokens) features.tokens_BNC = patches_of(request.tokens->after_norm ? normed : state.x);
  return features;
}

void VisionTransformer::ForEachLayer(const std::function<void(Layer&)>& visit) {
  visit(tokens_);
  for (const auto& block : blocks_) visit(*block);
  visit(norm_);
}

void VisionTransformer::Replace(const TensorReplacer& replacer) {
  ForEachLayer([&](Layer& layer) { layer.Replace(replacer); });
}

bool VisionTransformer::ComputesInFloat32(const std::string& name) const {
  const auto has = [&](const char* part) { return name.find(part) != name.npos; };
  return !has("patch_embed.") && !has(".attn.") && !has(".mlp.");
}

TrunkRow VisionTransformerRow(const std::string& name, const VisionTransformerShape& shape, int blocks,
                              const std::string& mark, std::vector<int64_t> mark_shape,
                              const std::string& licence) {
  TrunkRow row = {.name = name,
                  .channels = shape.block.channels,
                  .input = {.smallest_side = shape.patch, .multiple_of = shape.patch},
                  .mark = mark,
                  .mark_shape = std::move(mark_shape),
                  .has_tokens = true,
                  .licence = licence,
                  .blocks = blocks,
                  .block_mark = ".attn.qkv.weight",
                  .make = [shape](const TrunkRow& of, MapEnd /*end*/) {
                    return std::make_unique<VisionTransformer>(of, shape);
                  }};
  for (const char* prefix :
       {"cls_token", "pos_embed", "mask_token", "patch_embed.", "rope_embed.", "blocks.", "norm."})
    row.cirtorch_prefixes.emplace_back(prefix, std::string("features.") + prefix);
  row.cirtorch_prefixes.emplace_back(shape.registers_name, std::string("features.") + shape.registers_name);
  return row;
}

}  // namespace vantage::nn
