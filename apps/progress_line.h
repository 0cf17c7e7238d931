// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "vantage/run_context.h"

namespace vantage::cli {

// The text that shows a task's progress, with its rate and the remaining time. Both count from the task's
// first report, so that work done by an earlier run does not count.
class ProgressLine {
 public:
  using Time = std::chrono::steady_clock::time_point;

  // Updates the line from a report. Returns whether the report starts a new task.
  bool Take(const Progress& progress, Time now);

  // The text for the last report: "describing photos 120/500 (24 %), 12.3/s, 31 s left; note".
  std::string Text() const;

  // Whether all work is done.
  bool IsFinished() const { return progress_.total > 0 && progress_.done == progress_.total; }

 private:
  Progress progress_;
  Time now_;
  Time start_;
  int64_t done_at_start_ = 0;
};

}  // namespace vantage::cli
