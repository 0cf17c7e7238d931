// SPDX-License-Identifier: BSD-3-Clause
#include "nn/net_of_source.h"

#include "nn/model_meta.h"
#include "vantage/util/error.h"

namespace vantage {
namespace {

constexpr int64_t kMaxOutputDimension = 65536;

// Rows of a linear layer; 0 where it is missing or as large as no network's.
int RowsOf(const TensorShapes& shapes, const std::string& name) {
  const auto found = shapes.find(name);
  if (found == shapes.end() || found->second.size() != 2) return 0;
  const int64_t rows = found->second[0];
  return rows <= kMaxOutputDimension && rows != found->second[1] ? static_cast<int>(rows) : 0;
}

}  // namespace

NetOfSource FindNet(const TensorShapes& shapes) {
  NetOfSource net;
  DescriptorNetOptions& options = net.options;
  const KnownTrunk* trunk = RecogniseTrunk(shapes);
  options.architecture = trunk == nullptr ? "" : trunk->architecture;
  const auto has = [&](const char* name) { return shapes.count(name) == 1; };
  if (has("aggregation.3.weight") || has("aggregation.1.p")) {
    options.head = "cosplace";
    options.output_dimension = RowsOf(shapes, "aggregation.3.weight");
    return net;
  }
  options.fc_whitening = has("whiten.weight");
  options.output_dimension = RowsOf(shapes, "whiten.weight");
  options.local_whitening = has("lwhiten.weight");
  options.regional = has("pool.whiten.weight");
  options.pooling.clear();
  for (const char* name : {"pool.p", "pool.rpool.p"}) {
    if (has(name)) options.pooling = shapes.at(name) == std::vector<int64_t>{1} ? "gem" : "gemmp";
  }
  net.is_trunk_only = options.pooling.empty();
  return net;
}

NetOfSource FindNet(const ModelSource& source) {
  const TensorShapes shapes = ShapesOf(source);
  if (!DescribesNetwork(source.meta)) return FindNet(shapes);
  NetOfSource net{NetOfMeta(source.meta, source.path + ": meta")};
  if (HasLocals(net.options)) {
    net.options.output_dimension = RowsOf(shapes, "learned_pca.weight");
  } else if (net.options.head == "cosplace" || net.options.fc_whitening) {
    net.options.output_dimension =
        RowsOf(shapes, net.options.head == "cosplace" ? "aggregation.3.weight" : "whiten.weight");
  }
  return net;
}

}  // namespace vantage
