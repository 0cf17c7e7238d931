// SPDX-License-Identifier: BSD-3-Clause
#include "nn/find_network.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>

#include "nn/net_of_source.h"
#include "util/string.h"
#include "vantage/error.h"

namespace vantage::nn {
namespace {

// Parts of names that DataParallel and DistributedDataParallel, torch.compile and FSDP insert.
constexpr std::array<std::string_view, 4> kWrappers = {"module", "_orig_mod", "_fsdp_wrapped_module",
                                                       "_checkpoint_wrapped_module"};
// Heads that self-supervised training puts beside a trunk, as in DINO's and DINOv2's checkpoints.
constexpr std::array<std::string_view, 3> kTrainingHeads = {"head.", "dino_head.", "ibot_head."};
// The counter of torch.optim.swa_utils.AveragedModel.
constexpr std::string_view kAverageCount = "n_averaged";
// Prefixes have at most this many parts.
constexpr int kMostParts = 8;

std::string JoinNames(const std::string& outer, const std::string& inner) {
  return outer.empty() || inner.empty() ? outer + inner : outer + "." + inner;
}

std::string FullName(const PlacedTensor& placed) {
  return JoinNames(placed.dictionaries, placed.tensor.name);
}

// Whether all parts of `outer` are the first parts of `name`.
bool IsBelow(const std::string& name, const std::string& outer) {
  return outer.empty() || name == outer || name.starts_with(outer + ".");
}

// The longest beginning of `name`, in whole parts, that `other` is below.
std::string CommonParts(std::string name, const std::string& other) {
  while (!IsBelow(other, name)) {
    const size_t point = name.rfind('.');
    name.erase(point == name.npos ? 0 : point);
  }
  return name;
}

// The name up to the first part in which it differs from `prefix`: "student" for "student.backbone.norm.bias"
// and "teacher.backbone.".
std::string UnlikePart(const std::string& name, const std::string& prefix) {
  const std::string common = CommonParts(prefix.substr(0, prefix.rfind('.')), name);
  return name.substr(0, name.find('.', common.empty() ? 0 : common.size() + 1));
}

// The name without the parts that wrappers insert, and those parts.
std::pair<std::string, std::set<std::string>> SplitWrappers(const std::string& name) {
  constexpr size_t kLongestName = 1000;  // no network's are longer
  if (name.size() > kLongestName) return {name, {}};
  std::vector<std::string> kept;
  std::set<std::string> wrappers;
  for (const std::string& part : SplitText(name, '.')) {
    const bool is_wrapper = std::find(kWrappers.begin(), kWrappers.end(), part) != kWrappers.end();
    if (is_wrapper) wrappers.insert(part);
    if (!is_wrapper) kept.push_back(part);
  }
  return {Join(kept, "."), wrappers};
}

// Leaves out the parts that wrappers insert, unless two names became one.
void DropWrappers(std::vector<PlacedTensor>& all) {
  std::vector<std::pair<std::string, std::set<std::string>>> names;
  std::set<std::string> unlike;
  for (const PlacedTensor& placed : all) {
    names.push_back(SplitWrappers(placed.tensor.name));
    if (!unlike.insert(JoinNames(placed.dictionaries, names.back().first)).second) return;
  }
  for (size_t i = 0; i < all.size(); ++i) std::tie(all[i].tensor.name, all[i].wrappers) = std::move(names[i]);
}

// Keeps the tensors below `state`, and counts the others.
std::vector<PlacedTensor> Below(const std::string& state, std::vector<PlacedTensor> all,
                                const std::string& path, std::map<std::string, size_t>& others) {
  std::vector<PlacedTensor> kept;
  std::set<std::string> dictionaries;
  for (PlacedTensor& placed : all) {
    const std::string full = FullName(placed);
    constexpr size_t kMostNamed = 8;
    if (dictionaries.size() < kMostNamed)
      dictionaries.insert(placed.dictionaries.empty() ? UnlikePart(full, "") : placed.dictionaries);
    if (!IsBelow(full, state) || full == state) {
      ++others[UnlikePart(full, state + ".")];
      continue;
    }
    const bool is_inside = placed.dictionaries.size() < state.size();
    if (is_inside) placed.tensor.name = full.substr(state.size() + 1);
    placed.dictionaries.erase(0, std::min(placed.dictionaries.size(), is_inside ? state.npos : state.size()));
    if (placed.dictionaries.starts_with(".")) placed.dictionaries.erase(0, 1);
    kept.push_back(std::move(placed));
  }
  if (kept.empty()) {
    throw UsageError(StrCat(path, ": no tensor's name begins with '", state, ".' (--state); they begin with ",
                            Join({dictionaries.begin(), dictionaries.end()}, ", ")));
  }
  return kept;
}

// The prefixes that at least a quarter of the tensors have, short ones first.
std::vector<std::string> CommonPrefixes(const std::vector<PlacedTensor>& all) {
  std::map<std::string, size_t> counts;
  size_t tensors = 0;
  for (const PlacedTensor& placed : all) {
    if (!placed.unreadable.empty()) continue;
    const std::string full = FullName(placed);
    ++tensors;
    size_t point = full.find('.');
    for (int part = 0; part < kMostParts && point != full.npos; ++part) {
      ++counts[full.substr(0, point + 1)];
      point = full.find('.', point + 1);
    }
  }
  std::vector<std::string> prefixes = {""};
  for (const auto& [prefix, count] : counts) {
    if (4 * count >= tensors) prefixes.push_back(prefix);
  }
  std::stable_sort(prefixes.begin(), prefixes.end(),
                   [](const std::string& a, const std::string& b) { return a.size() < b.size(); });
  return prefixes;
}

// The tensors with the prefix, without it.
ModelSource GroupOf(const std::vector<PlacedTensor>& all, const std::string& prefix,
                    const ModelSource& source) {
  ModelSource group;
  group.path = source.path;
  group.meta = source.meta;
  for (const PlacedTensor& placed : all) {
    const std::string full = FullName(placed);
    if (!full.starts_with(prefix) || !placed.unreadable.empty()) continue;
    group.tensors.push_back(placed.tensor);
    group.tensors.back().name = full.substr(prefix.size());
  }
  return group;
}

struct Found {
  std::string prefix;
  std::vector<NetworkPlace::Network> networks;  // more than one: no prefix is chosen
};

// The prefix of the network that is whole; of that with most tensors if none is; of the dictionaries that all
// tensors are in if there is none.
Found FindPrefix(const std::vector<PlacedTensor>& all, const ModelSource& source) {
  Found found;
  size_t most = 0;
  std::vector<std::string> whole;
  for (const std::string& prefix : CommonPrefixes(all)) {
    const bool is_inside = std::any_of(whole.begin(), whole.end(),
                                       [&](const std::string& outer) { return prefix.starts_with(outer); });
    if (is_inside) continue;
    const ModelSource group = GroupOf(all, prefix, source);
    const NetMatch match = MatchNet(group);
    if (match.has_trunk) {
      whole.push_back(prefix);
      found.networks.push_back({prefix.substr(0, prefix.rfind('.')), match.net.architecture,
                                static_cast<int64_t>(group.tensors.size())});
    }
    if (match.matched <= most || !whole.empty()) continue;
    most = match.matched;
    found.prefix = prefix;
  }
  if (!whole.empty()) {
    found.prefix = whole.size() == 1 ? whole[0] : "";
  } else if (most == 0 && !all.empty()) {
    std::string common = all[0].dictionaries;
    for (const PlacedTensor& placed : all) common = CommonParts(common, placed.dictionaries);
    found.prefix = common.empty() ? "" : common + ".";
  }
  return found;
}

// The dictionaries that the tensors with the prefix are in, as far as the prefix has their keys.
std::string DictionariesOf(const std::vector<PlacedTensor>& all, const std::string& prefix) {
  std::string dictionaries = prefix.substr(0, prefix.empty() ? 0 : prefix.size() - 1);
  for (const PlacedTensor& placed : all) {
    if (FullName(placed).starts_with(prefix)) dictionaries = CommonParts(dictionaries, placed.dictionaries);
  }
  return dictionaries;
}

bool IsOfTrainingAlone(const std::string& name, bool is_beside) {
  const auto begins = [&](std::string_view head) { return name.starts_with(head); };
  return name == kAverageCount ||
         (is_beside && std::any_of(kTrainingHeads.begin(), kTrainingHeads.end(), begins));
}

}  // namespace

std::string CountText(size_t tensors) { return StrCat(tensors, tensors == 1 ? " tensor" : " tensors"); }

void FindNetwork(std::vector<PlacedTensor> all, const std::string& state, ModelSource& source) {
  NetworkPlace& place = source.place;
  std::map<std::string, size_t> others;
  const std::string outer = state.ends_with(".") ? state.substr(0, state.size() - 1) : state;
  DropWrappers(all);
  if (!outer.empty()) all = Below(outer, std::move(all), source.path, others);
  Found found = FindPrefix(all, source);
  const std::string& prefix = found.prefix;
  if (found.networks.size() > 1) {
    place.networks = std::move(found.networks);
    for (NetworkPlace::Network& network : place.networks) network.name = JoinNames(outer, network.name);
  }
  const std::string dictionaries = DictionariesOf(all, prefix);
  place.dictionaries = JoinNames(outer, dictionaries);
  place.prefix = prefix.substr(std::min(prefix.size(), dictionaries.empty() ? 0 : dictionaries.size() + 1));
  source.tensors.clear();
  for (PlacedTensor& placed : all) {
    const std::string full = FullName(placed);
    const bool is_inside = full.starts_with(prefix);
    const bool is_beside = !is_inside && placed.dictionaries == dictionaries;
    std::string name = is_inside ? full.substr(prefix.size()) : placed.tensor.name;
    if ((!is_inside && !is_beside) || IsOfTrainingAlone(name, is_beside)) {
      ++others[JoinNames(outer, is_inside ? full : UnlikePart(full, prefix))];
    } else if (!placed.unreadable.empty()) {
      source.unreadable[name] = placed.unreadable;
    } else {
      placed.tensor.name = std::move(name);
      place.wrappers.merge(placed.wrappers);
      source.tensors.push_back(std::move(placed.tensor));
    }
  }
  for (const auto& [name, count] : others) place.ignored[name] = CountText(count);
}

void RenameTensors(const std::vector<std::string>& renames, ModelSource& source) {
  if (renames.empty()) return;
  for (const std::string& rename : renames) {
    const size_t equals = rename.find('=');
    if (equals == rename.npos) throw UsageError(StrCat("--rename: '", rename, "' is not FROM=TO"));
    const std::string from = rename.substr(0, equals);
    bool is_used = false;
    for (SourceTensor& tensor : source.tensors) {
      if (!tensor.name.starts_with(from)) continue;
      is_used = true;
      tensor.name = rename.substr(equals + 1) + tensor.name.substr(from.size());
    }
    if (!is_used) {
      throw UsageError(StrCat(source.path, ": --rename ", rename, ": no tensor's name begins with '", from,
                              "'; the first is '", source.tensors[0].name, "'"));
    }
  }
  std::vector<PlacedTensor> all;
  for (SourceTensor& tensor : source.tensors) all.push_back({"", std::move(tensor), ""});
  const NetworkPlace before = std::exchange(source.place, {});
  FindNetwork(std::move(all), "", source);
  source.place.dictionaries = before.dictionaries;
  source.place.ignored.insert(before.ignored.begin(), before.ignored.end());
  if (source.place.prefix.empty()) source.place.prefix = before.prefix;
  if (source.place.wrappers.empty()) source.place.wrappers = before.wrappers;
}

void CheckOneNetwork(const ModelSource& source) {
  if (source.place.networks.empty()) return;
  std::vector<std::string> networks;
  for (const NetworkPlace::Network& network : source.place.networks) {
    networks.push_back(
        StrCat("'", network.name, "' (", network.architecture, ", ", network.tensors, " tensors)"));
  }
  throw UsageError(StrCat(source.path, ": holds several networks: ", Join(networks, ", "),
                          "; --state names the one to read"));
}

}  // namespace vantage::nn
