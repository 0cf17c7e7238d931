// SPDX-License-Identifier: BSD-3-Clause
#include "nn/net_of_source.h"

#include <algorithm>
#include <optional>

#include "nn/head.h"
#include "nn/layouts/layout.h"
#include "nn/model_meta.h"

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
  if (layout->tell != nullptr) layout->tell(net);
  return net;
}

}  // namespace vantage::nn
