// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <filesystem>
#include <memory>
#include <optional>

#include "train/checkpoint.h"
#include "train/frozen_features.h"
#include "train/run_folder.h"
#include "train/run_inputs.h"
#include "train/run_log.h"
#include "train/run_start.h"

namespace vantage::train {

// A run under way: its state, and the files that process 0 writes. In other processes the functions that
// write do nothing.
class Session {
 public:
  // Starts a run or resumes it; see StartRun. Throws Error also if another process trains in the folder.
  Session(const RunInputs& inputs, const std::filesystem::path& folder, bool resume);

  TrainingState& state() { return start_.state; }
  bool resumed() const { return start_.resumed; }
  // The network that mining describes photos with (mining.network): the current one, or the starting one.
  const nn::DescriptorNet& mining_net() const {
    return starting_net_ ? *starting_net_ : start_.state.model.net;
  }

  // For training passes; null if no stage of the trunk is frozen, or the options want none.
  FrozenFeatures* frozen_features() { return frozen_features_.get(); }

  // These three are null in processes other than 0.
  const RunFolder* folder() const { return folder_.get(); }
  RunLog* log() { return log_.get(); }
  // Keeps the descriptors that mining and evaluation computed since the last checkpoint.
  DescriptorStore* store() { return store_.get(); }
  // Whether the next checkpoint holds everything that was computed from the store's descriptors. If so, Save
  // clears the store.
  void SetStoreIsUsed(bool is_used) { store_is_used_ = is_used; }

  // Writes last.pth.
  void Save();
  // To be called after the checkpoint of a finished epoch: copies the checkpoint (checkpoint.keep) and writes
  // report.html. Repeating the call changes nothing.
  void CloseEpoch() const;
  // Deletes the files that only an unfinished run needs.
  void Finish();

 private:
  const RunInputs& inputs_;
  std::unique_ptr<RunFolder> folder_;
  std::unique_ptr<DescriptorStore> store_;
  RunStart start_;
  std::optional<nn::DescriptorNet> starting_net_;
  std::unique_ptr<FrozenFeatures> frozen_features_;
  std::unique_ptr<RunLog> log_;
  bool store_is_used_ = false;
};

}  // namespace vantage::train
