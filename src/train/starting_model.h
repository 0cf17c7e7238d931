// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "nn/model_file.h"
#include "train/optimizer.h"
#include "vantage/training.h"

namespace vantage::train {

// The model that training starts from: the options' weights, and what the run adds to the file: the size that
// it describes photos at (data.test_size) and where it came from. Throws UsageError where the file holds
// another network than the options say; Error as ReadModel does.
nn::ModelParts ReadStartingModel(const TrainOptions& options);

// Where options.model.continue_training says so: fills the optimiser from the checkpoint that training starts
// from and returns the number of epochs that it has behind it; else 0. Throws Error naming the file where it
// holds no such state, or one of another network or optimiser.
int64_t ContinueTraining(nn::DescriptorNet& net, Optimizer& optimizer, const ModelOptions& options);

// Throws UsageError where a run's model was not started with this training set; it may have been moved.
void CheckSameTrainingSet(const nn::ModelParts& model, const TrainOptions& options);

// Throws UsageError where a run that mines with its starting weights was not started with these; they may
// have been moved. A run that mines with its current ones needs them no more.
void CheckSameStartingWeights(const nn::ModelParts& model, const TrainOptions& options);

// Where the configuration asks for it. The network must know which of its parameters are trained.
void UseBatchStatistics(nn::DescriptorNet& net, const ModelOptions& options);

}  // namespace vantage::train
