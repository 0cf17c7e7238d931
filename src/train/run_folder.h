// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "vantage/nn/model_file.h"
#include "vantage/train/optimizer.h"
#include "vantage/train/trainer.h"

namespace vantage {

// Where a run stands after its last finished epoch.
struct RunState {
  int64_t epochs_done = 0;
  int64_t best_epoch = 0;
  double best_loss = 0;
  std::vector<EpochMetrics> metrics;
};

// The files of a training run.
class RunFolder {
 public:
  // Makes the folder and locks it: throws Error where another process trains in it.
  explicit RunFolder(const std::filesystem::path& folder);
  ~RunFolder();
  RunFolder(const RunFolder&) = delete;
  RunFolder& operator=(const RunFolder&) = delete;

  std::filesystem::path config() const { return folder_ / "config.toml"; }
  std::filesystem::path metrics() const { return folder_ / "metrics.csv"; }
  std::filesystem::path last() const { return folder_ / "last.pth"; }
  std::filesystem::path best() const { return folder_ / "best.pth"; }

  // True if an epoch has been finished here.
  bool HasCheckpoint() const;

  // Writes config.toml; where an epoch has been finished, first checks that the file holds the same options:
  // only `epochs` may differ. Throws UsageError naming the first key that differs, its old and its new value.
  void KeepConfig(TrainOptions options) const;

  // Writes last.pth, metrics.csv and, where the last epoch is the best, best.pth, each atomically.
  void WriteCheckpoint(Model& model, const Optimizer& optimizer, double learning_rate,
                       const RunState& state) const;

  // The model of last.pth; fills the optimiser and returns where the run stands.
  Model ReadModelOfCheckpoint() const { return ReadModel(last()); }
  RunState ReadState(Optimizer& optimizer) const;

 private:
  std::filesystem::path folder_;
  int lock_ = -1;
};

}  // namespace vantage
