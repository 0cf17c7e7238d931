// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "train/checkpoint.h"
#include "train/run_folder.h"
#include "train/run_inputs.h"

namespace vantage::train {

struct RunStart {
  TrainingState state;
  bool resumed = false;  // false: state.epochs_done counts the epochs that the starting weights were trained
};

// Reads the folder's checkpoint, or the weights that the options name, and checks that the options are those
// of the run. Only process 0 has a `folder` (null in others) and needs the weights; it sends what it read to
// the other processes. If the weights are those of a trunk alone, the rest of a network of local features is
// initialised (InitializeLocals). Throws UsageError if the folder holds a run that is not to be resumed.
// Throws UsageError if options, training set, or starting weights that mining needs differ from those of the
// run, and if options or training set differ from those of process 0.
RunStart StartRun(const RunInputs& inputs, const RunFolder* folder, bool resume);

}  // namespace vantage::train
