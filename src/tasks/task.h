// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tasks/arguments.h"
#include "tasks/result.h"
#include "vantage/run_context.h"

namespace vantage::tasks {

// Sections of the help, in this order.
enum class Section { kData, kTraining, kDescriptors, kRetrieval, kFiles };
const char* SectionName(Section section);

// Options that every task accepts.
struct CommonOptions {
  int threads = 0;
  std::string device = "cpu";
  std::string log_level = "info";
  bool json = false;
  bool overwrite = false;
};
void Declare(Arguments& arguments, CommonOptions& options);

// The context in which a task runs.
struct Call {
  RunContext context;
  CommonOptions common;
};

// One call of a task: adapts a library function to the command line. Holds the options.
class TaskCall {
 public:
  virtual ~TaskCall() = default;
  virtual void Declare(Arguments& arguments) = 0;
  virtual Result Run(const Call& call) = 0;
  // The options that a configuration file may set; null if the task reads no such file.
  virtual const OptionsDescription* Configuration() const { return nullptr; }
};

template <typename T>
std::unique_ptr<TaskCall> MakeCall() {
  return std::make_unique<T>();
}

// A row of the table of tasks.
struct Task {
  std::string name;
  Section section;
  std::string summary;
  std::vector<std::string> examples;  // command lines
  std::unique_ptr<TaskCall> (*make)() = nullptr;
  // How to resume after Ctrl-C.
  std::string resume = "run the same command again";
};

// All tasks, in the order in which a project uses them.
const std::vector<Task>& Tasks();

// Returns the task of that name. Throws UsageError naming the most similar one if there is none.
const Task& FindTask(std::string_view name);

}  // namespace vantage::tasks
