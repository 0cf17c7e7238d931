// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>

#include "nn/model_file.h"
#include "train/epoch_progress.h"
#include "train/gradient_scale.h"
#include "train/optimizer.h"
#include "train/selection.h"
#include "train/weight_average.h"

namespace vantage::train {

// The state of a run between two steps: what a checkpoint holds.
struct TrainingState {
  nn::ModelParts model;
  std::unique_ptr<Optimizer> optimizer;  // shares its parameters with the model
  std::optional<WeightAverage> average;
  int64_t epochs_done = 0;
  int64_t steps_done = 0;
  int64_t skipped_steps = 0;  // steps among these that were skipped because a loss or gradient was not finite
  GradientScale gradient_scale;
  BestEpoch best;
  // Learning rate of the last epoch that this process finished. Stored, but not read.
  double learning_rate = 0;
  std::optional<EpochProgress> progress;  // of the epoch under way

  // The model that is validated and may become the best: with averaged weights, if they are averaged.
  nn::ModelParts Result() const;
};

// Writes last.pth or a file like it, atomically. ReadModel reads its model.
void WriteCheckpoint(const std::filesystem::path& path, const TrainingState& state);
// Fills the other fields of a state whose model was already read from the checkpoint, and the values of its
// optimiser and, if weights are averaged, its average, both made for that model. Throws Error naming the file
// if something is missing or does not fit.
void ReadCheckpoint(const std::filesystem::path& path, const TrainingSet& set, TrainingState& state);

}  // namespace vantage::train
