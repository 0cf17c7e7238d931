// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "util/subprocess.h"
#include "vantage/run_context.h"

namespace vantage::sfm {

// COLMAP's command line, whatever its version calls its options.
class ColmapProgram {
 public:
  // Throws Error where the program cannot be run or does not look like COLMAP.
  explicit ColmapProgram(std::string program);

  const std::string& version() const { return version_; }  // "3.8"

  // An option by its possible names, newest first, and its value. One that the command does not know is left
  // out: see Lacks.
  struct Option {
    std::vector<std::string> names;
    std::string value;
  };

  // What a command would not take of these options, in words; empty: it takes all.
  std::vector<std::string> Lacks(const std::string& command, const std::vector<Option>& options) const;

  // See Command.
  struct Watch {
    double time_limit = 0;  // seconds
    std::function<void()> on_wait;
  };

  // Runs a command ("mapper"), what it prints appended to the log.
  CommandResult Run(const std::string& command, const std::vector<Option>& options,
                    const std::filesystem::path& log, const RunContext& context, const Watch& watch) const;

 private:
  // The name that the command knows; null: none.
  const std::string* NameOf(const std::string& command, const Option& option) const;

  std::string program_;
  std::string version_;
  std::map<std::string, std::string> help_;  // of each command used
};

}  // namespace vantage::sfm
