// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "nn/model_file.h"
#include "util/file_lock.h"
#include "vantage/training.h"

namespace vantage::train {

// The files of a training run.
class RunFolder {
 public:
  // Creates the folder and locks it. Throws Error if another process is training in it.
  explicit RunFolder(const std::filesystem::path& folder);

  const std::filesystem::path& path() const { return folder_; }
  std::filesystem::path config() const { return folder_ / "config.toml"; }
  std::filesystem::path last() const { return folder_ / "last.pth"; }
  std::filesystem::path best() const { return folder_ / "best.pth"; }
  std::filesystem::path report() const { return folder_ / "report.html"; }
  std::filesystem::path failed_step() const { return folder_ / "failed-step.json"; }
  std::filesystem::path descriptors() const { return folder_ / "descriptors.partial"; }
  std::filesystem::path teacher() const { return folder_ / "teacher.partial"; }
  // The file in which the checkpoint of an epoch is kept.
  std::filesystem::path OfEpoch(int64_t epoch) const;

  bool HasCheckpoint() const;

  // Writes config.toml. If there is a checkpoint, first checks that the existing file has the same options.
  // Options that affect no result may differ (MayChange). Throws UsageError naming the keys that differ, with
  // old and new values.
  void KeepConfig(TrainOptions options) const;

  // Writes best.pth: the model of `epoch`.
  void WriteBest(const nn::ModelParts& model, int64_t epoch) const;
  // Copies last.pth to the file of its epoch, and deletes the files of epochs before the last `keep`. Does
  // nothing if `keep` is 0.
  void KeepEpoch(int64_t epoch, int keep) const;

 private:
  std::filesystem::path folder_;
  FileLock lock_;
};

// Whether an option may change when a run is resumed: it says how the run is computed, watched or kept, or
// how long it is, but does not affect the result of a step.
bool MayChange(const std::string& key, const TrainOptions& options);

}  // namespace vantage::train
