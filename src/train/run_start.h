// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <memory>
#include <optional>

#include "train/run_folder.h"
#include "train/training_data.h"
#include "vantage/training.h"

namespace vantage::train {

// The state from which a run starts or resumes.
struct RunStart {
  nn::ModelParts model;
  std::unique_ptr<Optimizer> optimizer;  // shares its parameters with the model
  std::optional<WeightAverage> average;
  RunState state;
  bool goes_on = false;  // resumed; else state.epochs_done counts the starting weights' epochs
};

// Reads the folder's checkpoint, or the weights that the options name, and checks that the options are those
// of the run. Only process 0 has a `folder` (null in others) and needs the weights; it sends what it read to
// the other processes. If the weights are those of a trunk alone, the rest of a network of local features is
// initialised (InitializeLocals). Throws UsageError if the folder holds a run that is not to be resumed.
// Throws UsageError if options, training set, or starting weights that mining needs differ from those of the
// run, and if options or training set differ from those of process 0.
RunStart StartRun(const TrainOptions& options, const TrainingData& data, const RunFolder* folder, bool resume,
                  const ProcessGroup& group, const RunContext& context);

}  // namespace vantage::train
