// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "tasks/task.h"

namespace vantage::tasks {

// Output of `vantage --help` and of `vantage TASK --help`.
std::string HelpOfProgram();
std::string HelpOf(const Task& task);

// The same as Markdown pages: an index of all tasks with the common options, and one page per task.
std::string IndexPage();
std::string PageOf(const Task& task);

// A task's help as data.
nlohmann::json FactsOf(const Task& task);

}  // namespace vantage::tasks
