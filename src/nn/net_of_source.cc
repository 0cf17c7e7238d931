// SPDX-License-Identifier: BSD-3-Clause
#include "nn/net_of_source.h"

#include <algorithm>

#include "nn/model_meta.h"
#include "nn/netvlad_layouts.h"
#include "vantage/error.h"

namespace vantage::nn {
namespace {

constexpr int64_t kMaxDimensionOfFile = 65536;

// Rows of a linear layer; 0 where it is missing or as large as no network's.
int RowsOf(const TensorShapes& shapes, const std::string& name) {
  const auto found = shapes.find(name);
  if (found == shapes.end() || found->second.size() != 2) return 0;
  const int64_t rows = found->second[0];
  return rows <= kMaxDimensionOfFile && rows != found->second[1] ? static_cast<int>(rows) : 0;
}

// What NetVLAD's tensors tell; how maps are pooled, they do not.
void FindNetVlad(const TensorShapes& shapes, DescriptorNetOptions& options) {
  options.head = "netvlad";
  const auto size = [&](const char* name, size_t dimension) {
    const auto found = shapes.find(name);
    const bool is_there = found != shapes.end() && found->second.size() > dimension;
    return is_there && found->second[dimension] <= kMaxDimensionOfFile
               ? static_cast<int>(found->second[dimension])
               : 0;
  };
  options.netvlad.clusters = size("netvlad_pool.centroids", 1);
  options.netvlad.ghost_clusters =
      std::max(0, size("netvlad_pool.assignment_weights", 1) - options.netvlad.clusters);
  options.locals.dimension = size("netvlad_pool.centroids", 0);
  options.locals.projection = size("conv_1.weight", 0);
  options.fc_whitening = shapes.count("learned_pca.weight") == 1;
  options.output_dimension = RowsOf(shapes, "learned_pca.weight");
}

}  // namespace

NetOfSource FindNet(const TensorShapes& shapes) {
  NetOfSource net;
  DescriptorNetOptions& options = net.options;
  const TrunkRow* trunk = RecogniseTrunk(shapes);
  options.architecture = trunk == nullptr ? "" : trunk->name;
  const auto has = [&](const char* name) { return shapes.count(name) == 1; };
  if (has("aggregation.3.weight") || has("aggregation.1.p")) {
    options.head = "cosplace";
    options.output_dimension = RowsOf(shapes, "aggregation.3.weight");
    return net;
  }
  if (has("netvlad_pool.centroids")) {
    FindNetVlad(shapes, options);
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
  if (!HasArchitecture(source.meta)) {
    const NetVladLayout* layout = FindNetVladLayout(shapes);
    NetOfSource net = FindNet(layout == nullptr ? shapes : ShapesOf(InOwnLayout(source)));
    if (layout == nullptr) return net;
    net.options.locals.last_relu = false;
    net.options.netvlad.intra_norm = "cluster";
    net.options.netvlad.order = layout->order;
    return net;
  }
  NetOfSource net{NetOfMeta(source.meta, source.path + ": meta")};
  if (HasLocals(net.options)) {
    net.options.output_dimension = RowsOf(shapes, "learned_pca.weight");
  } else if (net.options.head == "cosplace" || net.options.fc_whitening) {
    net.options.output_dimension =
        RowsOf(shapes, net.options.head == "cosplace" ? "aggregation.3.weight" : "whiten.weight");
  }
  return net;
}

}  // namespace vantage::nn
