// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <vector>

#include "tasks/task.h"

namespace vantage::cli {

// Sets the values that the words of a command line give; --help and -h are the caller's. A flag's value is
// the next word, or follows '=' (or the letter of a short flag); after "--" all words are positional. Throws
// UsageError for a flag that is not known, naming the nearest, for one that is given twice or lacks its
// value, for a word too many, and for a required argument that is missing.
void ReadCommandLine(const std::vector<std::string>& words, const tasks::Arguments& arguments);

// Runs the task that the program's arguments name. Returns the exit code: 0 done, 1 failed, 2 wrong usage,
// 130 interrupted.
int RunProgram(const std::vector<std::string>& words);

}  // namespace vantage::cli
