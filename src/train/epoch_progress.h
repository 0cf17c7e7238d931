// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <vector>

#include "mining/tuple_miner.h"
#include "nn/torch_value.h"
#include "train/tuple_runner.h"
#include "vantage/mining.h"

namespace vantage::train {

// The state of an epoch between its first mining and its validation, which a run needs to resume within the
// epoch.
struct EpochProgress {
  int64_t epoch = 0;
  int64_t round = 0;                  // mining round, from 0
  std::vector<mining::Tuple> tuples;  // of the round, in the order of training
  size_t next = 0;                    // how many of these are done
  int64_t earlier = 0;                // tuples of earlier rounds
  // Number of tuples mined in all rounds so far, including those that no step uses (TrainOptions::drop_last).
  int64_t mined = 0;
  double average_negative_distance = 0;
  double learning_rate = 0;  // learning rate of the last step
  double loss_sum = 0;
  int64_t used = 0;  // tuples that could be used
  int64_t photos = 0;
  int64_t photos_with_gradient = 0;
  // Wall-clock seconds.
  StepTimes times;
  double mining_seconds = 0;
  double optimizer_seconds = 0;
  double seconds = 0;

  double MeanLoss() const { return loss_sum / static_cast<double>(used); }
};

nn::TorchValue ToTorchValue(const EpochProgress& progress);
// Throws Error naming the file if something is missing or does not fit the training set.
EpochProgress ReadEpochProgress(const serialize::TorchFile& file, const serialize::PickleValue& value,
                                const TrainingSet& set);

}  // namespace vantage::train
