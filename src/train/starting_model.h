// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "vantage/nn/model_file.h"
#include "vantage/train/options.h"

namespace vantage {

// The model that training starts from: the options' weights, and what the run adds to the file: its size of
// photos and where it came from. Throws UsageError where the file holds another network than the options say;
// Error as ReadModel does.
Model ReadStartingModel(const TrainOptions& options);

// Throws UsageError where a run's model was not started with this training set; it may have been moved.
void CheckSameTrainingSet(const Model& model, const TrainOptions& options);

}  // namespace vantage
