// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <vector>

#include "mining/tuple_miner.h"
#include "nn/torch_value.h"
#include "train/tally.h"
#include "vantage/metrics.h"
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
  Tally tally;               // of the steps
  // Wall-clock seconds.
  double mining_seconds = 0;
  double seconds = 0;  // of the steps

  // Replaces the tuples of the last round by those of the next, and adds these to the epoch's figures.
  void BeginRound(int64_t number, const mining::MinedTuples& mined_tuples);
  // The figures of training; the others are not known yet.
  EpochMetrics Metrics() const;
};

nn::TorchValue ToTorchValue(const EpochProgress& progress);
// Throws Error naming the file if something is missing or does not fit the training set.
EpochProgress ReadEpochProgress(const serialize::TorchFile& file, const serialize::PickleValue& value,
                                const TrainingSet& set);

}  // namespace vantage::train
