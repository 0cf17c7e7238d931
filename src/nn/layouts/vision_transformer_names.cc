// SPDX-License-Identifier: BSD-3-Clause
#include "nn/layouts/vision_transformer_names.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "util/index.h"
#include "util/string.h"
#include "vantage/error.h"

namespace vantage::nn {
namespace {

SourceTensor Floats(const std::string& name, std::vector<int64_t> shape, const std::vector<float>& values) {
  return InMemory(name, serialize::ElementType::kFloat32, std::move(shape),
                  {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)});
}

// Concatenates tensors along their first dimension.
SourceTensor Concatenated(const std::string& name, const std::vector<SourceTensor>& parts) {
  SourceTensor whole = parts[0];
  whole.name = name;
  for (size_t i = 1; i < parts.size(); ++i) {
    // A part that does not fit is returned alone. No network has its shape, so filling the network throws.
    const std::vector<int64_t>& shape = parts[i].shape;
    const bool fits =
        parts[i].type == whole.type && !shape.empty() && !whole.shape.empty() &&
        std::equal(shape.begin() + 1, shape.end(), whole.shape.begin() + 1, whole.shape.end()) &&
        !__builtin_add_overflow(whole.shape[0], shape[0], whole.shape.data());
    if (!fits) return parts[i];
  }
  whole.read = [parts](std::span<char> elements) { ReadParts(parts, elements); };
  return whole;
}

}  // namespace

std::string Renamed(std::string name, const NameParts& parts) {
  for (const auto& [part, own] : parts) {
    const size_t at = name.find(part);
    if (at != name.npos) name.replace(at, part.size(), own);
  }
  return name;
}

std::vector<SourceTensor> Joined(std::vector<SourceTensor> tensors,
                                 const std::vector<std::string>& prefixes) {
  std::map<std::string, std::map<size_t, SourceTensor>> groups;  // by their joint name, by their number
  std::vector<SourceTensor> result;
  for (SourceTensor& tensor : tensors) {
    const size_t end = tensor.name.rfind('.');
    const bool is_part = end != tensor.name.npos && end >= 2 && tensor.name[end - 2] == '.' &&
                         tensor.name[end - 1] >= '0' && tensor.name[end - 1] <= '9' &&
                         std::any_of(prefixes.begin(), prefixes.end(), [&](const std::string& prefix) {
                           return std::string_view(tensor.name).substr(0, end - 2).ends_with(prefix);
                         });
    if (!is_part) {
      result.push_back(std::move(tensor));
      continue;
    }
    const auto number = static_cast<size_t>(tensor.name[end - 1] - '0');
    const std::string joint = tensor.name.substr(0, end - 2) + tensor.name.substr(end);
    groups[joint].emplace(number, std::move(tensor));
  }
  for (auto& [name, parts] : groups) {
    std::vector<SourceTensor> in_order;
    for (auto& [number, part] : parts) {
      while (in_order.size() < number) in_order.push_back(Zeros("", part.shape, part.type));
      in_order.push_back(std::move(part));
    }
    result.push_back(Concatenated(name, in_order));
  }
  return result;
}

std::vector<SourceTensor> WithMaskToken(std::vector<SourceTensor> tensors) {
  constexpr std::string_view kClass = "cls_token";
  const auto found = std::find_if(tensors.begin(), tensors.end(), [&](const SourceTensor& tensor) {
    return tensor.name.ends_with(kClass) && !tensor.shape.empty();
  });
  if (found == tensors.end()) return tensors;
  const std::string name = found->name.substr(0, found->name.size() - kClass.size()) + "mask_token";
  const int64_t channels = found->shape.back();
  const bool has_mask = std::any_of(tensors.begin(), tensors.end(),
                                    [&](const SourceTensor& tensor) { return tensor.name == name; });
  if (!has_mask) tensors.push_back(Zeros(name, {1, channels}));
  return tensors;
}

std::vector<SourceTensor> WithUnusedTensors(std::vector<SourceTensor> tensors) {
  std::set<std::string> names;
  for (const SourceTensor& tensor : tensors) names.insert(tensor.name);
  std::vector<SourceTensor> more;
  const auto add = [&](SourceTensor tensor) {
    if (!names.contains(tensor.name)) more.push_back(std::move(tensor));
  };
  const bool is_rotary = !names.contains("pos_embed");
  for (const SourceTensor& tensor : tensors) {
    constexpr std::string_view kQkv = ".attn.qkv.weight";
    if (!is_rotary || !tensor.name.ends_with(kQkv) || tensor.shape.empty()) continue;
    const std::string bias = tensor.name.substr(0, tensor.name.size() - 6) + "bias";
    const int64_t rows = tensor.shape[0];
    std::vector<float> mask(ToIndex(rows), 1);
    std::fill_n(mask.begin() + rows / 3, rows / 3, 0.0F);
    add(Zeros(bias, {rows}));
    add(Floats(bias + "_mask", {rows}, mask));
  }
  if (is_rotary) {
    // 100^(i / 16) for the heads of 64 channels that all published networks have.
    constexpr int kPeriods = 16;
    std::vector<float> periods;
    for (int i = 0; i < kPeriods; ++i)
      periods.push_back(static_cast<float>(std::pow(100.0, static_cast<double>(i) / kPeriods)));
    add(Floats("rope_embed.periods", {kPeriods}, periods));
  }
  tensors.insert(tensors.end(), more.begin(), more.end());
  return WithMaskToken(std::move(tensors));
}

void SetPositionRule(const char* rule, NetOfSource& found) {
  if (found.architecture.empty()) return;
  const TrunkRow& row = TrunkNamed(found.architecture);
  if (row.positions == "offset") found.architecture = VariantOf(row, {}, rule).name;
}

NamedTensors VisionTransformerTensors(const ModelParts& model, const std::string& layout) {
  if (model.net.trunk().row().blocks == 0)
    throw UsageError(StrCat("a ", NameOf(model.net.options()), " has no form of ", layout));
  return TensorsOf(model.net.trunk());
}

bool Has(const NamedTensors& tensors, const std::string& name) {
  return std::any_of(tensors.begin(), tensors.end(), [&](const auto& item) { return item.first == name; });
}

bool HasPlainDinov2(const NamedTensors& tensors, const std::string& prefix) {
  return Has(tensors, prefix + "pos_embed") && !Has(tensors, prefix + "register_tokens");
}

}  // namespace vantage::nn
