// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <filesystem>

#include "vantage/run_context.h"
#include "vantage/training.h"

namespace vantage::testing {

// Options of a run that takes a second: from start.pth, a squeezenet1_1, on set.db of the folder, at 64
// pixels.
inline TrainOptions SmallRun(const std::filesystem::path& folder) {
  TrainOptions options;
  options.model.net = {"squeezenet1_1"};
  options.model.weights = (folder / "start.pth").string();
  options.data.training_set = (folder / "set.db").string();
  options.data.image_size = 64;
  options.data.test_size = 64;
  options.mining.miner = NegativeMiningOptions{.negatives = 2};
  options.optimizer.learning_rate = 1e-4;
  options.tuples_per_step = 2;
  return options;
}

inline RunContext OneThread() {
  RunContext context;
  context.threads = 1;
  return context;
}

}  // namespace vantage::testing
