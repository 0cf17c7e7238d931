// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>

#include "nn/head.h"

namespace vantage::nn {

// The local features of one photo, N x D, on any device.
using LocalsOfPhoto = std::function<at::Tensor(const Features& features)>;

// Computes cluster centres of the photos' local features by k-means: clusters x D, on the CPU, sorted by
// decreasing cluster size. Draws clusters * options.locals_per_cluster locals at random, equally many from
// each photo, or all locals of a photo that has fewer. Sets `locals` and `mean_squared_distance` of `result`.
// Throws Error if there are fewer locals than clusters; Interrupted.
at::Tensor ClusterLocals(TrainingFeatures& features, const LocalsOfPhoto& locals_of, int64_t clusters,
                         const HeadInitialization& options, const RunContext& context,
                         InitializedHead& result);

}  // namespace vantage::nn
