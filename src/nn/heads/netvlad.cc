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

namespace vantage {
namespace {

constexpr int kMostClusters = 65536;

}  // namespace

void Declare(OptionsDescription& description, NetVladHeadOptions& options) {
  Declare(description, options.locals);
  description.Add("clusters", options.clusters, "Clusters of local features").Range(1, kMostClusters);
  description
      .Add("ghost_clusters", options.ghost_clusters,
           "Additional clusters that take part in the assignment and are left out of the descriptor")
      .Range(0, kMostClusters);
  description.Add("alpha", options.alpha, "Hardness of the assignment to clusters at the start of training")
      .Above(0);
  description
      .Add("intra_norm", options.intra_norm,
           "What is scaled to unit length before the whole is: each cluster, each dimension across clusters, "
           "or none")
      .OneOf({"cluster", "across", "none"});
  description
      .Add("order", options.order,
           "Order of the descriptor's elements: dk by dimension, then cluster; kd by cluster, then dimension")
      .OneOf({"dk", "kd"});
  Declare(description, options.aggregate);
}

namespace nn {
namespace {

constexpr int64_t kLargestDimension = 1 << 22;

class NetVladAggregation : public Aggregation {
 public:
  NetVladAggregation(const NetVladHeadOptions& options, int64_t local_dimension)
      : options_(options),
        parameters_{at::zeros({local_dimension, options.clusters}, NewTensor()),
                    at::zeros({local_dimension, CentersWanted()}, NewTensor()),
                    at::zeros({CentersWanted()}, NewTensor())} {}

  int64_t dimension() const override { return parameters_.centroids_DK.numel(); }

  at::Tensor Forward(const at::Tensor& locals_BND) const override {
    VANTAGE_CHECK(IsInitialized(),
                  "NetVLAD without centroids: they come from weights that hold them, or from ",
                  "'vantage train', which computes them from the training photos' local features");
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
  NetVladHeadOptions options_;
  NetVladParameters parameters_;
};

std::unique_ptr<Head> MakeNetVladHead(const NetVladHeadOptions& options, int64_t channels) {
  const int64_t dimension = LocalDimension(options.locals, channels);
  if (dimension * (options.clusters + options.ghost_clusters) > kLargestDimension) {
    throw UsageError(StrCat("NetVLAD of ", options.clusters, " clusters of local features of ", dimension,
                            " dimensions is larger than ", kLargestDimension));
  }
  return std::make_unique<LocalHead>(options.locals, options.aggregate, channels,
                                     std::make_unique<NetVladAggregation>(options, dimension),
                                     "netvlad_pool");
}

std::optional<NetVladHeadOptions> RecogniseNetVlad(const TensorShapes& shapes) {
  if (!shapes.contains("netvlad_pool.centroids")) return std::nullopt;
  const auto size = [&](const char* name, size_t dimension) { return SizeIn(shapes, name, dimension); };
  NetVladHeadOptions found;
  found.locals.projection = size("conv_1.weight", 0);
  found.locals.dimension = size("netvlad_pool.centroids", 0);
  found.clusters = size("netvlad_pool.centroids", 1);
  found.ghost_clusters = std::max(0, size("netvlad_pool.assignment_weights", 1) - found.clusters);
  found.aggregate.output_dimension = size("learned_pca.weight", 0);
  return found;
}

std::vector<std::string> UnrevealedOfNetVlad(const NetVladHeadOptions& found, bool has_meta) {
  std::vector<std::string> keys = LastLinear::Unrevealed(found.aggregate.output_dimension);
  if (!has_meta) keys.insert(keys.end(), {"windows", "last_relu", "alpha", "intra_norm", "order", "power"});
  return keys;
}

}  // namespace

NetVladParameters NetVladFromCenters(const at::Tensor& centers_GD, const NetVladHeadOptions& options) {
  VANTAGE_CHECK(centers_GD.size(0) == options.clusters + options.ghost_clusters, "NetVLAD of ",
                options.clusters, " and ", options.ghost_clusters, " ghost clusters from ",
                centers_GD.size(0), " centres");
  const at::Tensor centers_DG = centers_GD.t().contiguous();
  return {centers_DG.narrow(1, 0, options.clusters).clone(at::MemoryFormat::Contiguous),
          2 * options.alpha * centers_DG, -options.alpha * centers_DG.norm(2, {0})};
}

at::Tensor NetVlad(const at::Tensor& locals_BND, const NetVladParameters& parameters,
                   const NetVladHeadOptions& options) {
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
  return MakeLocalHeadRow<NetVladHeadOptions>("NetVLAD of local features",
                                              {.weights_kind = "NetVLAD weights of MVA 2022's code",
                                               .made_by_training = {"netvlad_pool.", "conv_1."},
                                               .make = MakeNetVladHead,
                                               .recognise = RecogniseNetVlad,
                                               .unrevealed = UnrevealedOfNetVlad});
}

}  // namespace nn

}  // namespace vantage
