// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <optional>

#include "nn/model_file.h"
#include "train/optimizer.h"
#include "vantage/training.h"

namespace vantage::train {

// The model that training starts from: the options' weights, with the run's preprocessing (for description
// and for training, including its normalisation) and origin, and without whitenings. Throws UsageError if the
// options name no weights, if the file holds a network other than the options', or if drop_path is set and
// the trunk is not a transformer; Error under the same conditions as ReadModel.
nn::ModelParts ReadStartingModel(const TrainOptions& options);

// The network that a run mines with in all epochs, if that is the starting one (mining.network = "start").
// Throws UsageError with several processes, of which only one needs the weights, and if the weights do not
// fill the network.
std::optional<nn::DescriptorNet> ReadMiningNet(const TrainOptions& options, const ProcessGroup& group);

// Does nothing and returns 0 unless options.model.continue_training is set. Fills the optimiser from the
// checkpoint that training starts from and returns how many epochs it was trained for. Throws Error naming
// the file if it holds no optimiser state, or that of another network or optimiser.
int64_t ContinueTraining(nn::DescriptorNet& net, Optimizer& optimizer, const ModelOptions& options);

// Throws UsageError if a run's model was started with a different training set. The file may have been moved.
void CheckSameTrainingSet(const nn::ModelParts& model, const TrainOptions& options);

// Throws UsageError if a run was started with a different teacher (TupleLoss::teacher). Its file may have
// been moved.
void CheckSameTeacher(const nn::ModelParts& model, const TrainOptions& options);

// Throws UsageError if a run that mines with its starting weights was started with different ones. The file
// may have been moved. A run that mines with its current weights no longer needs the starting weights.
void CheckSameStartingWeights(const nn::ModelParts& model, const TrainOptions& options);

// Makes the network use batch statistics if the configuration asks for it. The network's parameters must
// already be marked as trained or frozen. Throws UsageError if the network has no batch norm whose weight is
// trained.
void UseBatchStatistics(nn::DescriptorNet& net, const ModelOptions& options);

}  // namespace vantage::train
