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

// All by which a run can be watched: metrics.csv (a line an epoch), steps.csv (a line a step), examples/, and
// TensorBoard's curves, those over steps in tensorboard/steps and those over epochs in tensorboard/epochs.
// Two folders, since TensorBoard forgets by step what is done again after a resume.
class RunLog {
 public:
  // first_step, first_epoch: the next to be logged; 1 and 0 of a new run. What an earlier process logged of
  // them and later ones, after its last checkpoint, is dropped: nothing stands twice. Throws Error naming
  // file and line where an earlier line is damaged, or where the folder cannot be written to.
  RunLog(const std::filesystem::path& folder, int64_t first_step, int64_t first_epoch);
  ~RunLog();
  RunLog(const RunLog&) = delete;
  RunLog& operator=(const RunLog&) = delete;

  // Kept in memory until Flush.
  void Add(const StepMetrics& step);
  // Written at once, with all steps so far.
  void Add(const EpochMetrics& epoch);
  // Brings all to disk: to be called before a checkpoint is written. Throws Error where the disk is full.
  void Flush();

  // Writes examples/epoch-....json: of the tuples mined for an epoch those of `count` queries, in each epoch
  // the same ones as far as it draws them.
  void AddExamples(int64_t epoch, const TrainingSet& set, const std::filesystem::path& photo_root,
                   const std::vector<mining::Tuple>& tuples, int count) const;

  // Of this process and those before it.
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
