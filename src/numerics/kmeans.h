// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <vector>

#include "vantage/descriptors.h"
#include "vantage/run_context.h"

namespace vantage::numerics {

struct KMeansOptions {
  int clusters = 64;
  // Rounds at most; it ends earlier where no point changes its cluster.
  int iterations = 25;
  uint64_t seed = 0;
};

struct KMeansResult {
  DescriptorMatrix centers;          // clusters x D, those of the largest clusters first
  std::vector<int64_t> sizes;        // points of each
  double mean_squared_distance = 0;  // of points to their centres
  int iterations = 0;
};

// Lloyd's k-means, begun by k-means++ (Arthur and Vassilvitskii, SODA 2007). A cluster that loses all its
// points goes to the point that is farthest from its centre. points: N x D, finite. The same result for the
// same seed, whatever the number of threads. Throws Error where there are fewer points than clusters;
// Interrupted.
KMeansResult KMeans(const Eigen::Ref<const DescriptorMatrix>& points, const KMeansOptions& options,
                    const RunContext& context = {});

}  // namespace vantage::numerics
