// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <vector>

#include "tasks/task.h"

namespace vantage::cli {

// Sets the values that the words of a command line give, except --help and -h, which the caller handles. A
// flag's value is the next word, or follows '=' (or the letter of a short flag). After "--", all words are
// positional. Throws UsageError for an unknown flag (naming the most similar one), a flag that is given twice
// or lacks its value, a superfluous word, and a missing required argument.
void ReadCommandLine(const std::vector<std::string>& words, const tasks::Arguments& arguments);

// Runs the task that the program's arguments name. Returns the exit code: 0 for success, 1 for failure, 2 for
// wrong usage, 130 if interrupted.
int RunProgram(const std::vector<std::string>& words);

}  // namespace vantage::cli
