// SPDX-License-Identifier: BSD-3-Clause
#include "nn/net_of_source.h"

#include <algorithm>
#include <optional>
#include <set>

#include "nn/descriptor_net.h"
#include "nn/head.h"
#include "nn/layouts/layout.h"
#include "nn/model_meta.h"
#include "nn/new_tensors.h"

namespace vantage::nn {

NetOfSource FindNet(const TensorShapes& shapes) {
  NetOfSource net;
  if (const TrunkRow* trunk = RecogniseTrunk(shapes)) net.architecture = trunk->name;
  std::vector<std::string> names = Heads().Names();
  std::reverse(names.begin(), names.end());
  for (const std::string& name : names) {
    const HeadRow& row = Heads().At(name);
    const std::optional<HeadChoice> head = row.recognise ? row.recognise(shapes) : std::nullopt;
    if (!head) continue;
    net.head = *head;
    net.unrevealed = UnrevealedOf(*head, false);
    break;
  }
  return net;
}

NetOfSource FindNet(const ModelSource& source) {
  const TensorShapes shapes = ShapesOf(source);
  if (HasArchitecture(source.meta)) return NetOfMeta(source.meta, shapes, source.path + ": meta");
  const LayoutRow* layout = RecogniseLayout(shapes);
  if (layout == nullptr) return FindNet(shapes);
  NetOfSource net = FindNet(ShapesOf(InOwnLayout(source)));
  if (layout->set_properties != nullptr) layout->set_properties(net);
  return net;
}

NetMatch MatchNet(const ModelSource& source) try {
  NetMatch match{.net = FindNet(source)};
  if (match.net.architecture.empty()) return match;
  const WithoutMemory of_shapes_alone;
  const HeadChoice head = match.net.head ? match.net.head : HeadChoice();
  const DescriptorNet net({match.net.architecture, head});
  std::set<std::string> names;
  for (const SourceTensor& tensor : InOwnLayout(source).tensors)
    names.insert(net.NameOfTrunk(CurrentName(tensor.name)));
  const size_t count = names.size();
  match.has_trunk = true;
  net.trunk().Visit([&](const std::string& name, const at::Tensor&, TensorRole) {
    if (!names.contains(net.NameOfTrunk(name)) && !name.ends_with("num_batches_tracked"))
      match.has_trunk = false;
  });
  net.Visit([&](const std::string& name, const at::Tensor&, TensorRole) { names.erase(name); });
  match.matched = count - names.size();
  match.unknown.assign(names.begin(), names.end());
  return match;
} catch (const Error&) {
  return {};
}

}  // namespace vantage::nn
