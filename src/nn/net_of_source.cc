// SPDX-License-Identifier: BSD-3-Clause
#include "nn/net_of_source.h"

#include "nn/head.h"
#include "nn/layouts/layout.h"
#include "nn/model_meta.h"

namespace vantage::nn {

NetOfSource FindNet(const TensorShapes& shapes) {
  NetOfSource net;
  if (const TrunkRow* trunk = RecogniseTrunk(shapes)) net.found.architecture = trunk->name;
  const auto heads = Heads();
  for (auto head = heads.rbegin(); head != heads.rend(); ++head) {
    if (head->recognise == nullptr || !head->recognise(shapes, net.found)) continue;
    net.found.head = head->name;
    return net;
  }
  net.is_trunk_only = true;
  return net;
}

NetOfSource FindNet(const ModelSource& source) {
  const TensorShapes shapes = ShapesOf(source);
  if (HasArchitecture(source.meta)) {
    NetOfSource net{NetOfMeta(source.meta, source.path + ": meta")};
    const HeadRow* head = FindHead(net.found.head.value_or(""));
    const bool has_linear = head != nullptr && (net.found.fc_whitening || !head->takes_whitening);
    if (const int rows = has_linear ? RowsOf(shapes, head->linear) : 0) net.found.output_dimension = rows;
    return net;
  }
  const LayoutRow* layout = RecogniseLayout(shapes);
  if (layout == nullptr) return FindNet(shapes);
  NetOfSource net = FindNet(ShapesOf(InOwnLayout(source)));
  if (layout->tell != nullptr) layout->tell(net.found);
  return net;
}

}  // namespace vantage::nn
