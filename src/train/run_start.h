// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <memory>
#include <optional>

#include "train/run_folder.h"
#include "train/training_data.h"
#include "vantage/training.h"

namespace vantage::train {

// What a run begins or goes on with.
struct RunStart {
  nn::ModelParts model;
  std::unique_ptr<Optimizer> optimizer;  // shares its parameters with the model
  std::optional<WeightAverage> average;
  RunState state;
  bool goes_on = false;  // else state.epochs_done are those that the weights have behind them
};

// Reads the folder's checkpoint, or the weights that the options name, and checks that the options are those
// of the run. Only process 0 has a `folder` (null elsewhere) and needs the weights; the others get from it
// what it read. Weights of a trunk alone get what a network of local features needs beside them
// (InitializeLocals). Throws UsageError where a run stands in the folder that is not to be resumed, or an
// option, the training set or weights that mining needs are others than that of the run or of process 0.
RunStart StartRun(const TrainOptions& options, const TrainingData& data, const RunFolder* folder, bool resume,
                  const ProcessGroup& group, const RunContext& context);

}  // namespace vantage::train
