// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>

#include "tasks/arguments.h"
#include "util/string.h"

namespace vantage::tasks {

// Declares how descriptor files of other programs are read: see DescriptorReading.
template <typename Task>
void DeclareReading(Arguments& arguments, Task& task, const std::string& database) {
  arguments.Input("--names", task.names,
                  StrCat("Text file with the name of each row, one per line, of ", database,
                         ", if that is a .npy without a .json that has them"));
  arguments.Input("--query-names", task.query_names, "The same for the file of --queries");
  arguments.Option("--normalise", task.normalise, "Divide each descriptor that is read by its length");
}

}  // namespace vantage::tasks
