// SPDX-License-Identifier: BSD-3-Clause
#include "tasks/task.h"

#include "util/string.h"
#include "vantage/error.h"

namespace vantage::tasks {

const char* SectionName(Section section) {
  switch (section) {
    case Section::kData:
      return "Training data";
    case Section::kTraining:
      return "Training";
    case Section::kDescriptors:
      return "Descriptors";
    case Section::kRetrieval:
      return "Retrieval";
    case Section::kFiles:
      break;
  }
  return "Files and the program";
}

void Declare(Arguments& arguments, CommonOptions& options) {
  arguments
      .Option("--threads", options.threads, "Threads; 0: the number of processors available to the process")
      .Range(0, 1024);
  arguments.Option("--device", options.device, "cpu, cuda or cuda:N");
  arguments.Option("--log-level", options.log_level, "debug, info, warning, error or off");
  arguments.Option("--json", options.json, "Print the result as one JSON object");
  arguments.Option("--overwrite", options.overwrite,
                   "Let an output replace a file of another kind, or an input");
}

const Task& FindTask(std::string_view name) {
  std::vector<std::string> names;
  for (const Task& task : Tasks()) {
    if (task.name == name) return task;
    names.push_back(task.name);
  }
  const std::string hint = DidYouMean(name, names);
  throw UsageError(
      StrCat("unknown task '", name, "'", hint.empty() ? "; known are " + Join(names, ", ") : hint));
}

}  // namespace vantage::tasks
