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
  // Set for the program on top of this process's environment.
  std::vector<std::pair<std::string, std::string>> environment;
  // Standard output and error are appended here; empty: discarded.
  std::filesystem::path log_path;
  // The program is ended after so many seconds; 0: never.
  double time_limit = 0;
  // Called a few times a second while the program runs.
  std::function<void()> on_wait;
};

struct CommandResult {
  // Exit status; 128 + n where signal n ended the program, 127 where it could not be started.
  int exit_code = 0;
  double seconds = 0;
  bool timed_out = false;
};

// Runs a program and waits for it, standard input closed. When the context is cancelled the program and what
// it started are ended and Interrupted is thrown. The program also ends when this process dies.
CommandResult RunCommand(const Command& command, const RunContext& context);

// Runs a program and returns its standard output and error together with its exit code.
std::pair<int, std::string> CaptureCommand(
    const std::vector<std::string>& arguments,
    const std::vector<std::pair<std::string, std::string>>& environment = {});

}  // namespace vantage
