// SPDX-License-Identifier: BSD-3-Clause
#include "nn/model_info_json.h"
#include "vantage/model.h"

#include <algorithm>

#include "config/options_json.h"
#include "nn/find_network.h"
#include "nn/head.h"
#include "nn/layouts/layout.h"
#include "nn/model_meta.h"
#include "nn/model_source.h"
#include "nn/net_of_source.h"
#include "nn/new_tensors.h"
#include "util/rethrow.h"
#include "util/string.h"
#include "vantage/error.h"

namespace vantage {
namespace {

using nlohmann::json;

constexpr size_t kTensorsShown = 3;

bool IsStatistic(const std::string& name) {
  return name.ends_with("running_mean") || name.ends_with("running_var") ||
         name.ends_with("num_batches_tracked");
}

std::string KindOf(const nn::ModelSource& source, const nn::NetOfSource& found) {
  if (!source.kind.empty()) return source.kind;
  if (nn::HasArchitecture(source.meta))
    return source.meta.contains(nn::kOwnMeta) ? "vantage checkpoint" : "cirtorch checkpoint";
  if (found.architecture.empty()) return "unknown weights";
  const nn::LayoutRow* layout = nn::RecogniseLayout(nn::ShapesOf(source));
  if (layout != nullptr && layout->kind != nullptr) return layout->kind;
  if (found.head) {
    const std::string& kind = nn::RowOf(found.head).weights_kind;
    if (!kind.empty()) return kind;
  }
  const std::vector<std::string>& prefixes = nn::TrunkNamed(found.architecture).classifier_prefixes;
  const bool has_classifier =
      std::any_of(source.tensors.begin(), source.tensors.end(), [&](const nn::SourceTensor& tensor) {
        return std::any_of(prefixes.begin(), prefixes.end(),
                           [&](const std::string& prefix) { return tensor.name.starts_with(prefix); });
      });
  return (has_classifier ? "weights of " : "trunk weights of ") + found.architecture;
}

// The dimension that the head would give; if the options are not valid, the one that meta states.
int64_t DimensionOf(const nn::ModelSource& source, const nn::NetOfSource& found) {
  const nn::WithoutMemory of_shapes_alone;
  try {
    const HeadChoice head = found.head ? found.head : HeadChoice();
    return nn::RowOf(head).make(head, nn::TrunkNamed(found.architecture).channels)->dimension();
  } catch (const UsageError&) {
    return nn::MetaValue<int64_t>(source.meta, "outputdim", 0, source.path + ": meta");
  }
}

// What was found where, and what is not the network's.
void AddPlace(const nn::ModelSource& source, const nn::NetOfSource& net, ModelInfo& info) {
  const nn::NetworkPlace& place = source.place;
  if (const nn::LayoutRow* layout = nn::RecogniseLayout(nn::ShapesOf(source))) info.layout = layout->name;
  info.dictionaries = place.dictionaries;
  info.prefix = place.prefix;
  info.wrappers.assign(place.wrappers.begin(), place.wrappers.end());
  info.ignored = place.ignored;
  for (const nn::NetworkPlace::Network& network : place.networks) {
    info.networks[network.name] =
        StrCat(network.architecture, ", ", nn::CountText(static_cast<size_t>(network.tensors)));
  }
  info.ignored.insert(source.unreadable.begin(), source.unreadable.end());
  if (net.architecture.empty()) return;
  const std::vector<std::string>& classifiers = nn::TrunkNamed(net.architecture).classifier_prefixes;
  std::map<bool, std::map<std::string, size_t>> counts;  // by whether they are a classifier's
  for (const std::string& name : nn::MatchNet(source).unknown) {
    const bool is_ignored = std::any_of(classifiers.begin(), classifiers.end(),
                                        [&](const std::string& prefix) { return name.starts_with(prefix); });
    ++counts[is_ignored][name.substr(0, name.find('.'))];
  }
  for (const auto& [name, count] : counts[true]) info.ignored[name] = nn::CountText(count);
  for (const auto& [name, count] : counts[false]) info.unknown[name] = nn::CountText(count);
}

json Shown(const TensorInfo& tensor) {
  return {{"name", tensor.name}, {"type", tensor.type}, {"shape", tensor.shape}};
}

}  // namespace

ModelInfo ReadModelInfo(const std::filesystem::path& path, const NetWish& wish) try {
  const nn::ModelSource source = nn::OpenModelSource(path, wish);
  const bool is_one = source.place.networks.empty();
  const nn::NetOfSource net = is_one ? nn::FindNet(source) : nn::NetOfSource();
  ModelInfo info;
  info.kind = is_one ? KindOf(source, net) : "several networks";
  AddPlace(source, net, info);
  info.format = source.format;
  for (const nn::SourceTensor& tensor : source.tensors) {
    info.tensors.push_back({tensor.name, serialize::ElementTypeName(tensor.type), tensor.shape});
    if (!IsStatistic(tensor.name)) info.parameters += serialize::CountElements(tensor.shape).value_or(0);
  }
  if (!net.architecture.empty()) {
    info.architecture = net.architecture;
    info.head = net.head;
    info.published_licence = net.licence;
    if (!net.head) info.published_licence = nn::TrunkNamed(net.architecture).licence;
    if (net.preprocessing) info.preprocessing = ToText(*net.preprocessing);
    info.dimension = DimensionOf(source, net);
  }
  for (const auto& [key, tensor] : source.whitenings) {
    const auto [name, scales] = nn::WhiteningOf(key);
    if (key.ends_with(".P")) info.whitenings.push_back({name, scales, tensor.shape});
  }
  info.meta = source.meta.dump(-1, ' ', false, json::error_handler_t::replace);
  if (source.epoch.is_number()) info.epoch = source.epoch.get<int64_t>();
  info.has_optimizer = source.has_optimizer;
  return info;
} catch (...) {
  RethrowAsError();
}

json ToJson(const ModelInfo& info, bool all_tensors) {
  json types = json::object();
  for (const TensorInfo& tensor : info.tensors) {
    json& count = types[tensor.type];
    count = count.is_null() ? 1 : count.get<int64_t>() + 1;
  }
  json result = {{"kind", info.kind},
                 {"format", info.format},
                 {"tensors", info.tensors.size()},
                 {"parameters", info.parameters},
                 {"element_types", types}};
  const auto set = [&](const char* key, const std::string& text) {
    if (!text.empty()) result[key] = text;
  };
  json recognised;
  if (!info.layout.empty()) recognised["layout"] = info.layout;
  if (!info.dictionaries.empty()) recognised["dictionary"] = info.dictionaries;
  if (!info.prefix.empty()) recognised["prefix"] = info.prefix;
  if (!info.wrappers.empty()) recognised["wrappers"] = info.wrappers;
  const std::pair<const char*, json> places[] = {{"recognised", recognised},
                                                 {"ignored", info.ignored},
                                                 {"unknown", info.unknown},
                                                 {"networks", info.networks}};
  for (const auto& [key, value] : places) {
    if (!value.empty()) result[key] = value;
  }
  set("architecture", info.architecture);
  if (info.head) {
    HeadChoice head = info.head;
    OptionsDescription description;
    Declare(description, head);
    result["head"] = ToJson(description);
  }
  set("published_licence", info.published_licence);
  set("preprocessing", info.preprocessing);
  if (info.dimension > 0) result["dimension"] = info.dimension;
  for (const auto& [name, scales, shape] : info.whitenings) result["whitenings"][name][scales] = shape;
  const json meta = json::parse(info.meta);
  if (info.head && !meta.contains(nn::kOwnMeta)) result["apply_exif_orientation"] = false;  // see ReadModel
  if (meta.is_object()) {
    for (const char* key : {"mean", "std"}) {
      if (meta.contains(key)) result[key] = meta[key];
    }
    const json own = meta.value(nn::kOwnMeta, json());
    for (const auto& [key, value] : own.items()) {
      if (value != "" && key != "head") result[key] = value;
    }
  }
  if (info.epoch >= 0) result["epoch"] = info.epoch;
  if (info.has_optimizer) result["optimizer_state"] = true;
  const size_t shown = all_tensors ? info.tensors.size() : std::min(kTensorsShown, info.tensors.size());
  json& list = result[all_tensors ? "all_tensors" : "first_tensors"] = json::array();
  for (size_t i = 0; i < shown; ++i) list.push_back(Shown(info.tensors[i]));
  return result;
}

}  // namespace vantage
