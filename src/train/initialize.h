// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "vantage/describer.h"
#include "vantage/options.h"
#include "vantage/run_context.h"
#include "vantage/training.h"
#include "vantage/training_set.h"

namespace vantage::nn {
class DescriptorNet;
}  // namespace vantage::nn

namespace vantage::train {

struct InitializedLocals {
  int64_t photos = 0;
  int64_t locals = 0;                // number that was clustered; 0 if the head needs no clusters
  double mean_squared_distance = 0;  // of these locals to their centres
  double explained_variance = 0;     // share of the variance that the projection keeps; 0 if none
  std::vector<std::string> failed;   // photos that could not be read
};

// Initialises the weights of a network's head that are computed from photos (nn/head.h): those of a training
// set's split "train". Does nothing if they are already initialised. The result depends on seed, photos and
// weights, not on the number of threads. Throws Error if no photo can be read or there are too few;
// Interrupted.
InitializedLocals InitializeLocals(nn::DescriptorNet& net, const TrainingSet& set,
                                   const std::filesystem::path& photo_root, const ExtractOptions& extract,
                                   const InitializationOptions& options, int64_t seed,
                                   const RunContext& context = {});
InitializedLocals InitializeLocals(nn::DescriptorNet& net, const std::vector<std::filesystem::path>& photos,
                                   const ExtractOptions& extract, const InitializationOptions& options,
                                   int64_t seed, const RunContext& context = {});

}  // namespace vantage::train
