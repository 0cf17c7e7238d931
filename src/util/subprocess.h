// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "vantage/run_context.h"

namespace vantage {

struct Command {
  // Program (looked up in PATH) and its arguments; no shell sees them.
  std::vector<std::string> arguments;
  // Variables that are added to this process's environment.
  std::vector<std::pair<std::string, std::string>> environment;
  // File that standard output and error are appended to; empty: discarded.
  std::filesystem::path log_path;
  // Seconds after which the program is ended (SIGTERM, then SIGKILL); 0: never.
  double time_limit = 0;
  // Called a few times a second while the program runs.
  std::function<void()> on_wait;
};

struct CommandResult {
  // Exit status; 128 + n if signal n ended the program, 127 if it could not be started.
  int exit_code = 0;
  double seconds = 0;
  bool timed_out = false;
};

// Runs a program with empty standard input (/dev/null), and waits for it. If the context is cancelled, ends
// the program and the processes that it started, and throws Interrupted. The program also ends if this
// process dies.
CommandResult RunCommand(const Command& command, const RunContext& context);

// Runs a program and returns its standard output and error together with its exit code.
std::pair<int, std::string> CaptureCommand(
    const std::vector<std::string>& arguments,
    const std::vector<std::pair<std::string, std::string>>& environment = {});

}  // namespace vantage
