// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <vector>

#include "vantage/descriptors.h"
#include "vantage/run_context.h"

namespace vantage::numerics {

struct KMeansOptions {
  int clusters = 64;
  // Maximum number of rounds; stops earlier if no point changes its cluster.
  int iterations = 25;
  uint64_t seed = 0;
};

struct KMeansResult {
  DescriptorMatrix centers;          // clusters x D, by decreasing size of the cluster
  std::vector<int64_t> sizes;        // number of points of each cluster
  double mean_squared_distance = 0;  // mean over the points, to their centres
  int iterations = 0;
};

// Lloyd's k-means, initialised by k-means++ (Arthur and Vassilvitskii, SODA 2007). An empty cluster is moved
// to the point farthest from its centre, in a cluster of at least two points. points: N x D, finite. The same
// seed gives the same result whatever the number of threads. Throws Error if there are fewer points than
// clusters, and Interrupted.
KMeansResult KMeans(const Eigen::Ref<const DescriptorMatrix>& points, const KMeansOptions& options,
                    const RunContext& context = {});

}  // namespace vantage::numerics
