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
  int64_t locals = 0;                // that were clustered; 0 where no clusters are needed
  double mean_squared_distance = 0;  // of these to their centres
  double explained_variance = 0;     // share that the projection keeps; 0 without one
  std::vector<std::string> failed;   // photos that could not be read
};

// Makes the weights of a network's head that come from training photos (nn/head.h). Does nothing for a
// network that is initialised. Depends on seed, photos and weights, not on the number of threads. Throws
// Error if no photo can be read, or they do not suffice; Interrupted.
InitializedLocals InitializeLocals(nn::DescriptorNet& net, const TrainingSet& set,
                                   const std::filesystem::path& photo_root, const ExtractOptions& extract,
                                   const InitializationOptions& options, int64_t seed,
                                   const RunContext& context = {});

}  // namespace vantage::train
