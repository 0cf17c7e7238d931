// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <string_view>
#include <utility>

#include "nn/layouts/layout.h"
#include "nn/layouts/vision_transformer_names.h"
#include "util/string.h"

// github.com/amaralibey/Bag-of-Queries: dinov2_12288.pth and resnet50_16384.pth, and networks of its later
// code, which github.com/gmberton/VPR-methods-evaluation has too.
namespace vantage::nn {
namespace {

constexpr std::string_view kFrozenLayers = "backbone.frozen_layers.";
constexpr std::string_view kTrainedLayers = "backbone.unfrozen_layers.";

// The number at the start of the text; -1 if there is none.
int64_t LeadingNumber(std::string_view text) {
  const size_t end = std::min(text.find('.'), text.size());
  constexpr size_t kMostDigits = 4;
  const bool is_number = end > 0 && end <= kMostDigits &&
                         std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(end),
                                     [](char c) { return c >= '0' && c <= '9'; });
  return is_number ? ParseInteger(std::string(text.substr(0, end)), "a layer's number") : -1;
}

// A ResNet cut in two: groups 0 (the stem), 1 (layer1) and so on, the trained ones numbered from 0 again.
// "backbone.unfrozen_layers.0.2.bn1.bias" after two frozen groups becomes "backbone.5.2.bn1.bias".
std::string WholeName(const std::string& name, int64_t frozen_groups) {
  const bool is_frozen = name.starts_with(kFrozenLayers);
  if (!is_frozen && !name.starts_with(kTrainedLayers)) return name;
  const std::string rest = name.substr((is_frozen ? kFrozenLayers : kTrainedLayers).size());
  const int64_t number = LeadingNumber(rest);
  if (number < 0) return name;
  const int64_t group = number + (is_frozen ? 0 : frozen_groups);
  const std::string in_group = rest.substr(std::min(rest.find('.'), rest.size() - 1) + 1);
  constexpr int64_t kStemLayers = 4;  // convolution, norm, ReLU and pooling, numbered before layer1
  if (group == 0) return "backbone." + in_group;
  return StrCat("backbone.", group - 1 + kStemLayers, ".", in_group);
}

std::vector<SourceTensor> OwnOfBoq(const ModelSource& source) {
  int64_t frozen_groups = 0;
  for (const SourceTensor& tensor : source.tensors) {
    if (tensor.name.starts_with(kFrozenLayers)) {
      const std::string_view rest = std::string_view(tensor.name).substr(kFrozenLayers.size());
      frozen_groups = std::max(frozen_groups, LeadingNumber(rest) + 1);
    }
  }
  std::vector<SourceTensor> own = source.tensors;
  bool has_norm = false;
  int64_t channels = 0;
  for (SourceTensor& tensor : own) {
    tensor.name = WholeName(tensor.name, frozen_groups);
    for (const char* part : {"backbone.dino.", "backbone.net."})
      tensor.name = Renamed(tensor.name, {{part, "backbone."}});
    has_norm = has_norm || tensor.name == "backbone.norm.weight";
    if (tensor.name == "backbone.cls_token" && !tensor.shape.empty()) channels = tensor.shape.back();
  }
  // BoQ's code does not use the final norm, and a file may lack it; the head requests patches before it.
  if (channels > 0 && !has_norm) {
    own.push_back(Zeros("backbone.norm.weight", {channels}));
    own.push_back(Zeros("backbone.norm.bias", {channels}));
  }
  return WithMaskToken(std::move(own));
}

NamedTensors InBoqLayout(const ModelParts& model) {
  const auto* head = model.net.options().head.If<BoqHeadOptions>();
  const NamedTensors own = TensorsOf(model.net);
  const bool is_dinov2 = HasPlainDinov2(own, "backbone.");
  const bool is_resnet = Has(own, "backbone.4.0.conv1.weight");
  if (head == nullptr || head->output_dimension > 0 || (!is_dinov2 && !is_resnet))
    RefuseNetwork(model, "BoQ's");
  NamedTensors result;
  for (const auto& [name, tensor] : own)
    result.emplace_back(Renamed(name, {{"backbone.", is_dinov2 ? "backbone.dino." : "backbone.net."}}),
                        tensor);
  return result;
}

}  // namespace

LayoutRow BoqLayout() {
  return {
      .name = "boq",
      .kind = "BoQ weights",
      .recognise = [](const TensorShapes& shapes) { return shapes.contains("aggregator.boqs.0.queries"); },
      .to_own = OwnOfBoq,
      .set_properties =
          [](NetOfSource& found) {
            const bool is_resnet = found.architecture.starts_with("resnet");
            found.preprocessing =
                ParsePreprocessing(is_resnet ? "square=384,bicubic,tensor" : "square=322,bicubic,tensor");
            found.licence = "MIT";
          },
      .format = "boq",
      .format_help = "under BoQ's names",
      .from_own = InBoqLayout};
}

}  // namespace vantage::nn
