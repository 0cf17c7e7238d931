// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "tasks/task.h"

namespace vantage::tasks {

// What `vantage --help` and `vantage TASK --help` print.
std::string HelpOfProgram();
std::string HelpOf(const Task& task);

// The same as pages in Markdown: an index of all tasks with the common options, and a page a task.
std::string IndexPage();
std::string PageOf(const Task& task);

// The same as data.
nlohmann::json FactsOf(const Task& task);

}  // namespace vantage::tasks
