// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>

#include "nn/head.h"

namespace vantage::nn {

// The local features of one photo, N x D, on any device.
using LocalsOfPhoto = std::function<at::Tensor(const Features& features)>;

// Centres of local features of the photos by k-means, clusters x D, on the CPU, sorted by decreasing cluster
// size. Draws as many locals at random from each photo as give options.locals_per_cluster for each cluster;
// all of a photo's if it has fewer. Sets the counts in `result`. Throws Error if there are fewer locals than
// clusters; Interrupted.
at::Tensor ClusterLocals(TrainingFeatures& features, const LocalsOfPhoto& locals_of, int64_t clusters,
                         const HeadInitialization& options, const RunContext& context,
                         InitializedHead& result);

}  // namespace vantage::nn
