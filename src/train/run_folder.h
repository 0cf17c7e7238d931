// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <filesystem>
#include <limits>
#include <optional>

#include "nn/model_file.h"
#include "train/epoch_progress.h"
#include "train/gradient_scale.h"
#include "train/optimizer.h"
#include "train/weight_average.h"
#include "util/file_lock.h"
#include "vantage/training.h"

namespace vantage::train {

// Where a run stands, beside its network and its optimiser.
struct RunState {
  int64_t epochs_done = 0;
  int64_t steps_done = 0;
  int64_t skipped_steps = 0;  // of these: nothing changed, since a loss or the gradient was not finite
  GradientScale gradient_scale;
  int64_t best_epoch = 0;
  // Of the best epoch: a loss, or a benchmark's mAP; NaN where it is not known.
  double best_score = std::numeric_limits<double>::quiet_NaN();
  std::optional<EpochProgress> progress;  // of the epoch that has been begun
};

// The files of a training run.
class RunFolder {
 public:
  // Makes the folder and locks it: throws Error where another process trains in it.
  explicit RunFolder(const std::filesystem::path& folder);

  const std::filesystem::path& path() const { return folder_; }
  std::filesystem::path config() const { return folder_ / "config.toml"; }
  std::filesystem::path last() const { return folder_ / "last.pth"; }
  std::filesystem::path best() const { return folder_ / "best.pth"; }
  std::filesystem::path report() const { return folder_ / "report.html"; }
  std::filesystem::path failed_step() const { return folder_ / "failed-step.json"; }
  std::filesystem::path descriptors() const { return folder_ / "descriptors.partial"; }
  // The checkpoint that is kept of an epoch.
  std::filesystem::path OfEpoch(int64_t epoch) const;

  bool HasCheckpoint() const;

  // Writes config.toml; where a checkpoint stands, first checks that the file holds the same options. What
  // decides no result may differ (MayChange). Throws UsageError naming the keys that differ, their old
  // and their new values.
  void KeepConfig(TrainOptions options) const;

  // Writes last.pth, atomically. average: null where weights are not averaged.
  void WriteLast(nn::ModelParts& model, const Optimizer& optimizer, const WeightAverage* average,
                 double learning_rate, const RunState& state) const;
  // Writes best.pth: the model of `epoch`.
  void WriteBest(const nn::ModelParts& model, int64_t epoch) const;
  // Keeps last.pth as that of its epoch too, and deletes those of epochs before the last `keep`.
  void KeepEpoch(int64_t epoch, int keep) const;

  nn::ModelParts ReadModelOfCheckpoint() const { return nn::ReadModel(last()); }

 private:
  std::filesystem::path folder_;
  FileLock lock_;
};

// Writes and reads a run's checkpoint, such as last.pth; ReadModel reads its model. Reading fills the
// optimiser and the average (null: none) and returns where the run stands.
void WriteCheckpoint(const std::filesystem::path& path, nn::ModelParts& model, const Optimizer& optimizer,
                     const WeightAverage* average, double learning_rate, const RunState& state);
RunState ReadCheckpoint(const std::filesystem::path& path, Optimizer& optimizer, WeightAverage* average,
                        const TrainingSet& set);

// Whether an option may have another value when a run goes on: it says how the run is computed, watched or
// kept, or how long it is, not what comes out of a step.
bool MayChange(const std::string& key, const TrainOptions& options);

}  // namespace vantage::train
