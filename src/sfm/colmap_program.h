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

// COLMAP's command line, independent of how its version names options.
class ColmapProgram {
 public:
  // Throws Error if the program cannot be run or does not look like COLMAP.
  explicit ColmapProgram(std::string program);

  const std::string& version() const { return version_; }  // "3.8"

  // An option: its possible names, newest first, and its value. Run omits options that the command does not
  // know: see Lacks.
  struct Option {
    std::vector<std::string> names;
    std::string value;
  };

  // Whether the command has an option of this name.
  bool Knows(const std::string& command, const std::string& option) const;
  // A message for each of these options that the command does not know; empty if it knows all.
  std::vector<std::string> Lacks(const std::string& command, const std::vector<Option>& options) const;

  // See Command.
  struct Watch {
    double time_limit = 0;  // seconds
    std::function<void()> on_wait;
  };

  // Runs a command ("mapper"). Its output is appended to the log.
  CommandResult Run(const std::string& command, const std::vector<Option>& options,
                    const std::filesystem::path& log, const RunContext& context, const Watch& watch) const;

 private:
  // The option's name that the command knows; null if it knows none.
  const std::string* NameOf(const std::string& command, const Option& option) const;

  std::string program_;
  std::string version_;
  std::map<std::string, std::string> help_;  // help text of each command used
};

}  // namespace vantage::sfm
