// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "mining/tuple_miner.h"
#include "serialize/tensorboard.h"
#include "vantage/metrics.h"
#include "vantage/mining.h"
#include "vantage/training_set.h"

namespace vantage::train {

// The files for watching a run: metrics.csv (a line per epoch), steps.csv (a line per step), examples/, and
// TensorBoard's curves over steps (tensorboard/steps) and over epochs (tensorboard/epochs). There are two
// folders because TensorBoard drops by step number what is repeated after a resume.
class RunLog {
 public:
  // first_step, first_epoch: the next to be logged; 1 and 0 for a new run. Entries that an earlier process
  // logged from there on, after its last checkpoint, are dropped, so that nothing is logged twice. Throws
  // Error naming file and line if an earlier line is damaged, or Error if the folder cannot be written to.
  RunLog(const std::filesystem::path& folder, int64_t first_step, int64_t first_epoch);
  ~RunLog();
  RunLog(const RunLog&) = delete;
  RunLog& operator=(const RunLog&) = delete;

  // Keeps the step in memory until Flush.
  void Add(const StepMetrics& step);
  // Writes the epoch at once, together with all steps so far.
  void Add(const EpochMetrics& epoch);
  // Writes everything to disk. Must be called before a checkpoint is written. Throws Error if the disk is
  // full.
  void Flush();

  // Writes examples/epoch-....json: tuples of `count` of the epoch's queries. The selection prefers the same
  // queries in each epoch; a query that an epoch did not draw is replaced.
  void AddExamples(int64_t epoch, const TrainingSet& set, const std::filesystem::path& photo_root,
                   const std::vector<mining::Tuple>& tuples, int count) const;

  // Epochs logged by this process and by earlier ones.
  const std::vector<EpochMetrics>& epochs() const { return epochs_; }

 private:
  std::filesystem::path folder_;
  std::vector<EpochMetrics> epochs_;
  serialize::TensorBoardFile step_curves_;
  serialize::TensorBoardFile epoch_curves_;
  std::filesystem::path steps_path_;
  int steps_file_ = -1;
  std::string step_lines_;
};

}  // namespace vantage::train
