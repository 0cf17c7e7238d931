// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace vantage {

// How far a piece of long work has come.
struct Progress {
  std::string task;   // "extracting", "epoch 3 of 10"
  int64_t done = 0;   // finished units
  int64_t total = 0;  // all units; 0 where not known
  std::string note;   // what else is worth seeing, such as the loss
};

// What a caller hands to long work: whom to tell, when to stop, how many threads to use.
struct RunContext {
  // Called often and from the thread that does the work; cheap to leave empty.
  std::function<void(const Progress&)> on_progress;
  // Asked often; true ends the work with vantage::Interrupted.
  std::function<bool()> is_cancelled;
  // Worker threads, at most 1024. 0: as many as UsableProcessors() says.
  int threads = 0;

  void Report(const Progress& progress) const {
    if (on_progress) on_progress(progress);
  }
  bool IsCancelled() const { return is_cancelled && is_cancelled(); }

  // Throws Interrupted if the caller wants to stop.
  void CheckCancelled() const;

  // `threads`, or UsableProcessors().
  int ThreadCount() const;
};

}  // namespace vantage
