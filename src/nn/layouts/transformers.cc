// SPDX-License-Identifier: BSD-3-Clause
#include <ATen/TensorOperators.h>

#include <algorithm>
#include <array>

#include "nn/layouts/layout.h"
#include "nn/layouts/vision_transformer_names.h"

// DINOv2's and DINOv3's vision transformers as github.com/huggingface/transformers has them: under the names
// of the published files, and those of version 5's modules.
namespace vantage::nn {
namespace {

constexpr const char* kPositions = "embeddings.position_embeddings";

std::vector<SourceTensor> OwnOfTransformers(const ModelSource& source) {
  const TensorShapes shapes = ShapesOf(source);
  const bool is_rotary = !shapes.contains(kPositions);
  const auto has_part = [&](const char* part) {
    return std::any_of(shapes.begin(), shapes.end(),
                       [&](const auto& item) { return item.first.find(part) != item.first.npos; });
  };
  const bool is_gated = has_part(".mlp.gate_proj.");
  NameParts parts = {{kPositions, "pos_embed"},
                     {"embeddings.register_tokens", is_rotary ? "storage_tokens" : "register_tokens"},
                     {"embeddings.patch_embeddings.projection.", "patch_embed.proj."},
                     {"embeddings.patch_embeddings.", "patch_embed.proj."},
                     {"embeddings.", ""},
                     {"encoder.layer.", "blocks."},
                     {"model.layer.", "blocks."},
                     {"layernorm.", "norm."},
                     {".attention.attention.query.", ".attn.qkv.0."},
                     {".attention.attention.key.", ".attn.qkv.1."},
                     {".attention.attention.value.", ".attn.qkv.2."},
                     {".attention.output.dense.", ".attn.proj."},
                     {".attention.q_proj.", ".attn.qkv.0."},
                     {".attention.k_proj.", ".attn.qkv.1."},
                     {".attention.v_proj.", ".attn.qkv.2."},
                     {".attention.o_proj.", ".attn.proj."},
                     {".layer_scale1.lambda1", ".ls1.gamma"},
                     {".layer_scale2.lambda1", ".ls2.gamma"},
                     {".mlp.weights_in.", ".mlp.w12."},
                     {".mlp.weights_out.", ".mlp.w3."},
                     {".mlp.gate_proj.", is_rotary ? ".mlp.w1." : ".mlp.w12.0."},
                     {".mlp.up_proj.", !is_gated   ? ".mlp.fc1."
                                       : is_rotary ? ".mlp.w2."
                                                   : ".mlp.w12.1."},
                     {".mlp.down_proj.", is_gated ? ".mlp.w3." : ".mlp.fc2."}};
  std::vector<SourceTensor> own;
  for (SourceTensor tensor : source.tensors) {
    tensor.name = Renamed(tensor.name, parts);
    if (tensor.name.starts_with("layer.")) tensor.name = "blocks." + tensor.name.substr(6);
    if (tensor.name == "mask_token" && tensor.shape.size() == 3) tensor.shape.erase(tensor.shape.begin());
    own.push_back(std::move(tensor));
  }
  return WithUnusedTensors(Joined(std::move(own), {".attn.qkv", ".mlp.w12"}));
}

NamedTensors InTransformersLayout(const ModelParts& model) {
  const NamedTensors own = VisionTransformerTensors(model, "transformers'");
  const bool is_rotary = !Has(own, "pos_embed");
  NameParts parts = {{"pos_embed", kPositions},
                     {"register_tokens", "embeddings.register_tokens"},
                     {"storage_tokens", "embeddings.register_tokens"},
                     {"cls_token", "embeddings.cls_token"},
                     {"mask_token", "embeddings.mask_token"},
                     {"blocks.", is_rotary ? "layer." : "encoder.layer."},
                     {".ls1.gamma", ".layer_scale1.lambda1"},
                     {".ls2.gamma", ".layer_scale2.lambda1"}};
  const NameParts of_family =
      is_rotary ? NameParts{{"patch_embed.proj.", "embeddings.patch_embeddings."},
                            {".attn.proj.", ".attention.o_proj."},
                            {".mlp.fc1.", ".mlp.up_proj."},
                            {".mlp.fc2.", ".mlp.down_proj."},
                            {".mlp.w1.", ".mlp.gate_proj."},
                            {".mlp.w2.", ".mlp.up_proj."},
                            {".mlp.w3.", ".mlp.down_proj."}}
                : NameParts{{"patch_embed.proj.", "embeddings.patch_embeddings.projection."},
                            {".attn.proj.", ".attention.output.dense."},
                            {".mlp.w12.", ".mlp.weights_in."},
                            {".mlp.w3.", ".mlp.weights_out."}};
  parts.insert(parts.end(), of_family.begin(), of_family.end());
  const std::array<const char*, 3> qkv =
      is_rotary ? std::array{".attention.q_proj.", ".attention.k_proj.", ".attention.v_proj."}
                : std::array{".attention.attention.query.", ".attention.attention.key.",
                             ".attention.attention.value."};
  NamedTensors result;
  for (const auto& [name, tensor] : own) {
    if (name == "rope_embed.periods" || name.ends_with("bias_mask")) continue;
    std::string foreign = Renamed(name, parts);
    if (foreign == "norm.weight" || foreign == "norm.bias")
      foreign = (is_rotary ? "norm." : "layernorm.") + foreign.substr(5);
    if (name.find(".attn.qkv.") == name.npos) {
      result.emplace_back(foreign, is_rotary && name == "mask_token" ? tensor.unsqueeze(0) : tensor);
      continue;
    }
    const int64_t channels = tensor.size(0) / 3;
    for (size_t i = 0; i < qkv.size(); ++i) {
      if (is_rotary && i == 1 && name.ends_with("bias")) continue;  // keys have none
      result.emplace_back(Renamed(foreign, {{".attn.qkv.", qkv[i]}}),
                          tensor.narrow(0, static_cast<int64_t>(i) * channels, channels).contiguous());
    }
  }
  return result;
}

}  // namespace

LayoutRow TransformersLayout() {
  return {.name = "transformers",
          .recognise = [](const TensorShapes& shapes) { return shapes.contains("embeddings.cls_token"); },
          .to_own = OwnOfTransformers,
          .set_properties = [](NetOfSource& found) { SetPositionRule("size", found); },
          .format = "transformers",
          .format_help = "of a vision transformer alone",
          .from_own = InTransformersLayout};
}

}  // namespace vantage::nn
