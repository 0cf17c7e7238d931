// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "vantage/run_context.h"

namespace vantage::cli {

// What a person reads of a task that is under way, with its rate and the time left. Both count from the first
// report of the task: what an earlier run has done takes no time in this one.
class ProgressLine {
 public:
  using Time = std::chrono::steady_clock::time_point;

  // Takes a report; returns whether a task begins with it.
  bool Take(const Progress& progress, Time now);

  // "describing photos 120/500 (24 %), 12.3/s, 31 s left; note", of the last report.
  std::string Text() const;

  // Whether all is done.
  bool IsFinished() const { return progress_.total > 0 && progress_.done == progress_.total; }

 private:
  Progress progress_;
  Time now_;
  Time start_;
  int64_t done_at_start_ = 0;
};

}  // namespace vantage::cli
