// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <chrono>
#include <mutex>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "progress_line.h"
#include "util/output.h"
#include "vantage/run_context.h"

namespace vantage::cli {

// What every subcommand takes.
struct GlobalOptions {
  int threads = 0;  // 0: as many as cores
  std::string device = "cpu";
  std::string log_level = "info";
  bool json = false;
  bool overwrite = false;
};

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

// One run of the program: its common options, progress and results.
class Session {
 public:
  explicit Session(GlobalOptions options);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  const GlobalOptions& options() const { return options_; }
  const RunContext& context() const { return context_; }

  // What the command may write, given the files and folders that it reads. Outputs that are checked with
  // these rules are the session's until its end.
  OutputRules Rules(std::vector<std::string> inputs);

  // Prints a command's result to standard output: the JSON object with --json, else the text. The object has
  // the warnings of the run besides, as "warnings". Throws Error if standard output cannot be written.
  void PrintResult(nlohmann::json result, const std::string& text);

 private:
  GlobalOptions options_;
  ProgressPrinter progress_;
  RunContext context_;
  std::vector<std::string> warnings_;
  OutputClaims claims_;
};

// Lines up the columns of rows, the first of which is the head.
std::string FormatTable(const std::vector<std::vector<std::string>>& rows);

// From now on Ctrl-C and SIGTERM are remembered; a second one ends the program at once.
void CatchInterrupts();
bool WasInterrupted();

}  // namespace vantage::cli
