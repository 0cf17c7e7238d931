// SPDX-License-Identifier: BSD-3-Clause
#include <ATen/TensorOperators.h>

#include <limits>

#include "nn/layouts/layout.h"
#include "nn/layouts/vision_transformer_names.h"

// DINOv2's and DINOv3's vision transformers as github.com/huggingface/pytorch-image-models has them:
// vit_small_patch14_dinov2, vit_small_patch14_reg4_dinov2, vit_small_patch16_dinov3 and so on.
namespace vantage::nn {
namespace {

bool IsTimm(const TensorShapes& shapes) {
  const auto has = [&](const char* name) { return shapes.contains(name); };
  if (!has("cls_token") || !has("patch_embed.proj.weight") || has("mask_token")) return false;
  return has("blocks.0.ls1.gamma") || (has("reg_token") && has("blocks.0.gamma_1"));
}

// Whether fc1 computes a gate and a value, whose product is the input of fc2.
bool HasPackedGate(const TensorShapes& shapes) {
  const auto in = shapes.find("blocks.0.mlp.fc1.weight");
  const auto out = shapes.find("blocks.0.mlp.fc2.weight");
  return in != shapes.end() && out != shapes.end() && in->second.size() == 2 && out->second.size() == 2 &&
         in->second[0] == 2 * out->second[1];
}

std::vector<SourceTensor> OwnOfTimm(const ModelSource& source) {
  const TensorShapes shapes = ShapesOf(source);
  const bool is_rotary = !shapes.contains("pos_embed");
  NameParts parts = {{"reg_token", is_rotary ? "storage_tokens" : "register_tokens"},
                     {".gamma_1", ".ls1.gamma"},
                     {".gamma_2", ".ls2.gamma"},
                     {".attn.q_bias", ".attn.qkv.0.bias"},
                     {".attn.v_bias", ".attn.qkv.2.bias"},
                     {".mlp.fc1_g.", ".mlp.w1."},
                     {".mlp.fc1_x.", ".mlp.w2."}};
  if (HasPackedGate(shapes)) parts.emplace_back(".mlp.fc1.", ".mlp.w12.");
  if (HasPackedGate(shapes) || shapes.contains("blocks.0.mlp.fc1_g.weight"))
    parts.emplace_back(".mlp.fc2.", ".mlp.w3.");
  std::vector<SourceTensor> own;
  for (SourceTensor tensor : source.tensors) {
    tensor.name = Renamed(tensor.name, parts);
    // timm's networks with registers have the class token's position added to the token itself.
    const bool lacks_class = tensor.name == "pos_embed" && shapes.contains("reg_token");
    if (lacks_class && tensor.shape.size() == 3 && tensor.shape[1] < std::numeric_limits<int64_t>::max()) {
      const std::vector<SourceTensor> padded = {Zeros("", {1, 1, tensor.shape[2]}, tensor.type), tensor};
      tensor.shape[1] += 1;
      tensor.read = [padded](std::span<char> elements) { ReadParts(padded, elements); };
    }
    own.push_back(std::move(tensor));
  }
  return WithUnusedTensors(Joined(std::move(own), {".attn.qkv"}));
}

NamedTensors InTimmLayout(const ModelParts& model) {
  const NamedTensors own = VisionTransformerTensors(model, "timm's");
  const bool is_rotary = !Has(own, "pos_embed");
  const bool has_registers = Has(own, "register_tokens");
  at::Tensor class_position;
  for (const auto& [name, tensor] : own) {
    if (name == "pos_embed" && has_registers) class_position = tensor.narrow(1, 0, 1);
  }
  NameParts parts = {{"register_tokens", "reg_token"}, {"storage_tokens", "reg_token"},
                     {".mlp.w12.", ".mlp.fc1."},       {".mlp.w1.", ".mlp.fc1_g."},
                     {".mlp.w2.", ".mlp.fc1_x."},      {".mlp.w3.", ".mlp.fc2."}};
  if (is_rotary) {
    parts.emplace_back(".ls1.gamma", ".gamma_1");
    parts.emplace_back(".ls2.gamma", ".gamma_2");
  }
  NamedTensors result;
  for (const auto& [name, tensor] : own) {
    if (name == "mask_token" || name == "rope_embed.periods" || name.ends_with("bias_mask")) continue;
    if (is_rotary && name.ends_with(".qkv.bias")) {
      const std::string attention = name.substr(0, name.size() - std::string("qkv.bias").size());
      const int64_t channels = tensor.size(0) / 3;
      result.emplace_back(attention + "q_bias", tensor.narrow(0, 0, channels).contiguous());
      result.emplace_back(attention + "v_bias", tensor.narrow(0, 2 * channels, channels).contiguous());
      continue;
    }
    at::Tensor value = tensor;
    if (class_position.defined() && name == "cls_token") value = tensor + class_position;
    if (class_position.defined() && name == "pos_embed")
      value = tensor.narrow(1, 1, tensor.size(1) - 1).contiguous();
    result.emplace_back(Renamed(name, parts), value);
  }
  return result;
}

}  // namespace

LayoutRow TimmLayout() {
  return {.name = "timm",
          .recognise = IsTimm,
          .to_own = OwnOfTimm,
          .set_properties = [](NetOfSource& found) { SetPositionRule("antialias", found); },
          .format = "timm",
          .format_help = "of a vision transformer alone",
          .from_own = InTimmLayout};
}

}  // namespace vantage::nn
