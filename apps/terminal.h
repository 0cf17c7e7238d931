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

// Shows progress on standard error: as a line that is rewritten if it is a terminal, else as a new line every
// ten seconds.
class ProgressPrinter {
 public:
  ProgressPrinter();
  void Show(const Progress& progress);
  // Ends the line that is being rewritten, if any.
  void Finish();

 private:
  using Clock = std::chrono::steady_clock;

  std::mutex mutex_;
  bool terminal_;
  bool line_is_open_ = false;
  ProgressLine line_;
  Clock::time_point last_shown_;
};

// A task's access to the terminal: its log, progress and result.
class Terminal {
 public:
  explicit Terminal(const tasks::CommonOptions& options);
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  const RunContext& context() const { return context_; }

  // Prints a result to standard output: with --json its values as a JSON object, else its text. The object
  // also contains the run's warnings, as "warnings". Prints nothing if the result is silent. Throws Error if
  // standard output cannot be written to, or, after printing, if the result has a failure.
  void Print(tasks::Result result);

 private:
  ProgressPrinter progress_;
  RunContext context_;
  bool json_;
  std::vector<std::string> warnings_;
};

// Makes the program remember the first Ctrl-C or SIGTERM, and end at once at the second.
void CatchInterrupts();
bool WasInterrupted();

}  // namespace vantage::cli
