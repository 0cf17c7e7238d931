// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "nn/descriptor_net.h"
#include "train/run_inputs.h"
#include "vantage/metrics.h"

namespace vantage::train {

// Mines tuples of the split kVal with the network, computes their losses, shared among the processes, and
// sets val_loss and val_negative_distance of the epoch. Does nothing if the set has no queries to validate
// on. store: see TrainingData::Mine. Throws Error if a loss is not finite or no tuple could be read;
// Interrupted.
void Validate(const nn::DescriptorNet& net, const RunInputs& inputs, DescriptorStore* store,
              EpochMetrics& metrics);

}  // namespace vantage::train
