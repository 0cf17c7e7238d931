// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <chrono>
#include <mutex>
#include <string>
#include <vector>

#include "progress_line.h"
#include "tasks/task.h"
#include "vantage/run_context.h"

namespace vantage::cli {

// Shows progress on standard error: a line that is rewritten on a terminal, else a new line every ten
// seconds.
class ProgressPrinter {
 public:
  ProgressPrinter();
  void Show(const Progress& progress);
  // Ends a line that is being rewritten.
  void Finish();

 private:
  using Clock = std::chrono::steady_clock;

  std::mutex mutex_;
  bool terminal_;
  bool line_is_open_ = false;
  ProgressLine line_;
  Clock::time_point last_shown_;
};

// What a task sees of the terminal: its log, progress and result.
class Terminal {
 public:
  explicit Terminal(const tasks::CommonOptions& options);
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  const RunContext& context() const { return context_; }

  // Prints a result to standard output: its values as a JSON object with --json, else its text. The object
  // also has the warnings of the run, as "warnings". Throws Error if standard output cannot be written, or
  // with the result's failure.
  void Print(tasks::Result result);

 private:
  ProgressPrinter progress_;
  RunContext context_;
  bool json_;
  std::vector<std::string> warnings_;
};

// From now on Ctrl-C and SIGTERM are remembered; a second one ends the program at once.
void CatchInterrupts();
bool WasInterrupted();

}  // namespace vantage::cli
