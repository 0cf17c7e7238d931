// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <vector>

#include "mining/tuple_miner.h"
#include "nn/torch_value.h"
#include "train/tuple_runner.h"
#include "vantage/mining.h"

namespace vantage::train {

// An epoch between its first mining and its validation: what a run must remember to resume in the middle of
// it.
struct EpochProgress {
  int64_t epoch = 0;
  int64_t round = 0;                  // of mining, from 0
  std::vector<mining::Tuple> tuples;  // of the round, in the order of training
  size_t next = 0;                    // of these done
  int64_t earlier = 0;                // tuples of the rounds before
  // Of all rounds so far, also of tuples that no step takes (TrainOptions::drop_last).
  int64_t mined = 0;
  double average_negative_distance = 0;
  double learning_rate = 0;  // of the last step
  double loss_sum = 0;
  int64_t used = 0;  // tuples that could be used
  int64_t photos = 0;
  int64_t photos_with_gradient = 0;
  // Seconds of the clock.
  StepTimes times;
  double mining_seconds = 0;
  double optimizer_seconds = 0;
  double seconds = 0;

  double MeanLoss() const { return loss_sum / static_cast<double>(used); }
};

nn::TorchValue ToTorchValue(const EpochProgress& progress);
// Throws Error naming the file where something is missing or does not fit the training set.
EpochProgress ReadEpochProgress(const serialize::TorchFile& file, const serialize::PickleValue& value,
                                const TrainingSet& set);

}  // namespace vantage::train
