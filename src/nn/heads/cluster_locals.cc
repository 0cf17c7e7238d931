// SPDX-License-Identifier: BSD-3-Clause
#include "nn/heads/cluster_locals.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/from_blob.h>

#include <vector>

#include "numerics/kmeans.h"
#include "util/check.h"

namespace vantage::nn {
namespace {

DescriptorMatrix SampleLocals(int64_t wanted, TrainingFeatures& features, const LocalsOfPhoto& locals_of) {
  const int64_t of_photo = (wanted + features.size() - 1) / features.size();
  std::vector<at::Tensor> parts;
  int64_t rows = 0;
  features.ForEach(
      "local features of training photos",
      [&](const Features& photo, RandomStream& random) {
        const at::Tensor locals_ND = locals_of(photo).cpu();
        std::vector<int64_t> picks = random.Sample(locals_ND.size(0), of_photo);
        return locals_ND.index_select(0, at::from_blob(picks.data(), {std::ssize(picks)}, at::kLong));
      },
      [&](const at::Tensor& locals_ND) {
        rows += locals_ND.size(0);
        parts.push_back(locals_ND.contiguous());
      });
  DescriptorMatrix locals(rows, parts[0].size(1));
  rows = 0;
  for (const at::Tensor& part : parts) {
    locals.middleRows(rows, part.size(0)) =
        Eigen::Map<const DescriptorMatrix>(part.const_data_ptr<float>(), part.size(0), part.size(1));
    rows += part.size(0);
  }
  return locals;
}

}  // namespace

at::Tensor ClusterLocals(TrainingFeatures& features, const LocalsOfPhoto& locals_of, int64_t clusters,
                         const HeadInitialization& options, const RunContext& context,
                         InitializedHead& result) {
  const DescriptorMatrix locals = SampleLocals(clusters * options.locals_per_cluster, features, locals_of);
  VANTAGE_CHECK(locals.rows() >= clusters, features.size(), " photos have ", locals.rows(),
                " local features, too few for ", clusters, " clusters");
  const numerics::KMeansResult found = numerics::KMeans(
      locals,
      {.clusters = static_cast<int>(clusters), .iterations = options.iterations, .seed = options.seed},
      context);
  result.locals = locals.rows();
  result.mean_squared_distance = found.mean_squared_distance;
  DescriptorMatrix centers = found.centers;
  return at::from_blob(centers.data(), {centers.rows(), centers.cols()}, at::kFloat).clone();
}

}  // namespace vantage::nn
