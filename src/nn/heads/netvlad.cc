// SPDX-License-Identifier: BSD-3-Clause
#include "nn/netvlad.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <memory>

#include "nn/heads/local_head.h"
#include "nn/locals.h"
#include "nn/new_tensors.h"
#include "util/check.h"

namespace vantage::nn {
namespace {

constexpr int64_t kLargestDimension = 1 << 22;

class NetVladAggregation : public Aggregation {
 public:
  NetVladAggregation(const NetVladOptions& options, int64_t local_dimension)
      : options_(options),
        parameters_{at::zeros({local_dimension, options.clusters}, NewTensor()),
                    at::zeros({local_dimension, CentersWanted()}, NewTensor()),
                    at::zeros({CentersWanted()}, NewTensor())} {}

  int64_t dimension() const override { return parameters_.centroids_DK.numel(); }

  at::Tensor Forward(const at::Tensor& locals_BND) const override {
    VANTAGE_CHECK(IsInitialized(),
                  "NetVLAD without centroids: they come from weights that hold them, or from ",
                  "'vantage train', which makes them of the training photos' local features");
    return NetVlad(locals_BND, parameters_, options_);
  }

  void Replace(const std::string& name, const TensorReplacer& replacer) override {
    replacer(name + ".centroids", parameters_.centroids_DK, TensorRole::kParameter);
    replacer(name + ".assignment_weights", parameters_.assignment_weights_DG, TensorRole::kParameter);
    replacer(name + ".assignment_bias", parameters_.assignment_bias_G, TensorRole::kParameter);
  }

  int64_t CentersWanted() const override { return options_.clusters + options_.ghost_clusters; }
  void SetCenters(const at::Tensor& centers_KD) override {
    parameters_ = NetVladFromCenters(centers_KD.to(parameters_.centroids_DK.options()), options_);
  }
  bool IsInitialized() const override { return parameters_.centroids_DK.any().item<bool>(); }

 private:
  NetVladOptions options_;
  NetVladParameters parameters_;
};

std::unique_ptr<Head> MakeNetVladHead(const DescriptorNetOptions& options, int64_t channels) {
  const int64_t dimension = LocalDimension(options.locals, channels);
  const NetVladOptions& netvlad = options.netvlad;
  if (dimension * (netvlad.clusters + netvlad.ghost_clusters) > kLargestDimension) {
    throw UsageError(StrCat("NetVLAD of ", netvlad.clusters, " clusters of locals of ", dimension,
                            " is larger than ", kLargestDimension));
  }
  auto aggregation = std::make_unique<NetVladAggregation>(netvlad, dimension);
  return std::make_unique<LocalHead>(options, channels, std::move(aggregation), "netvlad_pool");
}

// How maps are pooled, tensors do not tell.
bool RecogniseNetVlad(const TensorShapes& shapes, NetWish& wish) {
  if (!shapes.contains("netvlad_pool.centroids")) return false;
  const auto size = [&](const char* name, size_t dimension) {
    const auto found = shapes.find(name);
    const bool is_there = found != shapes.end() && found->second.size() > dimension;
    return is_there && found->second[dimension] <= kMaxOutputDimension
               ? static_cast<int>(found->second[dimension])
               : 0;
  };
  wish.pooling = "gem";
  NetVladOptions netvlad;
  netvlad.clusters = size("netvlad_pool.centroids", 1);
  netvlad.ghost_clusters = std::max(0, size("netvlad_pool.assignment_weights", 1) - netvlad.clusters);
  wish.netvlad = netvlad;
  wish.locals =
      LocalOptions{.projection = size("conv_1.weight", 0), .dimension = size("netvlad_pool.centroids", 0)};
  if (shapes.contains("learned_pca.weight")) wish.fc_whitening = true;
  if (const int rows = RowsOf(shapes, "learned_pca")) wish.output_dimension = rows;
  return true;
}

}  // namespace

NetVladParameters NetVladFromCenters(const at::Tensor& centers_GD, const NetVladOptions& options) {
  VANTAGE_CHECK(centers_GD.size(0) == options.clusters + options.ghost_clusters, "NetVLAD of ",
                options.clusters, " and ", options.ghost_clusters, " ghost clusters from ",
                centers_GD.size(0), " centres");
  const at::Tensor centers_DG = centers_GD.t().contiguous();
  return {centers_DG.narrow(1, 0, options.clusters).clone(at::MemoryFormat::Contiguous),
          2 * options.alpha * centers_DG, -options.alpha * centers_DG.norm(2, {0})};
}

at::Tensor NetVlad(const at::Tensor& locals_BND, const NetVladParameters& parameters,
                   const NetVladOptions& options) {
  const at::Tensor& centroids_DK = parameters.centroids_DK;
  // CVPR 2016, eq. (3)
  const at::Tensor logits_BNG =
      at::linear(locals_BND, parameters.assignment_weights_DG.t(), parameters.assignment_bias_G);
  const at::Tensor assignment_BNK = at::softmax(logits_BNG, 2).narrow(2, 0, centroids_DK.size(1));
  // Equation (4), the sum over locals done first: sum_n a_nk x_nd - c_dk sum_n a_nk
  const at::Tensor sums_BDK = at::bmm(locals_BND.transpose(1, 2), assignment_BNK);
  at::Tensor vlad_BDK = sums_BDK - centroids_DK * assignment_BNK.sum(1, /*keepdim=*/true);
  if (options.intra_norm == "cluster") vlad_BDK = NormalizeAlong(vlad_BDK, 1);
  if (options.intra_norm == "across") vlad_BDK = NormalizeAlong(vlad_BDK, 2);
  const at::Tensor ordered = options.order == "kd" ? vlad_BDK.transpose(1, 2) : vlad_BDK;
  return NormalizeAlong(ordered.reshape({ordered.size(0), -1}), 1);
}

HeadRow NetVladHeadRow() {
  HeadRow row = LocalHeadRow();
  row.name = "netvlad";
  row.kind = "NetVLAD weights of MVA 2022's code";
  row.made_by_training = {"netvlad_pool.", "conv_1."};
  row.check = [](const DescriptorNetOptions& options) {
    CheckLocalHead(options);
    CheckOptions(options.netvlad);
  };
  row.make = MakeNetVladHead;
  row.recognise = RecogniseNetVlad;
  row.complete = [](const NetWish& wanted, NetWish& found) {
    if (wanted.locals) found.locals->windows = wanted.locals->windows;
    if (wanted.netvlad && wanted.head == found.head) found.netvlad->alpha = wanted.netvlad->alpha;
  };
  return row;
}

}  // namespace vantage::nn
