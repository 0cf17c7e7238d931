// SPDX-License-Identifier: BSD-3-Clause
#include <filesystem>
#include <nlohmann/json.hpp>

#include "tasks/reference.h"
#include "tasks/task.h"
#include "util/file.h"
#include "util/output.h"
#include "util/string.h"

namespace vantage::tasks {
namespace {

namespace fs = std::filesystem;

// Recognises pages that this task wrote, so that `-o .` does not replace another README.md.
const FileKind kReferencePage = {"a page of the reference", [](std::string_view head) {
                                   return head.starts_with("# Tasks\n") || head.starts_with("# vantage ");
                                 }};

class ReferenceCall : public TaskCall {
 public:
  ReferenceCall() {
    description_.Add("format", format_, "Print the help (text) or the pages (markdown)")
        .OneOf({"text", "markdown"});
  }

  void Declare(Arguments& arguments) override {
    arguments.Option("[TASK]", task_, "Task to explain; default: all");
    arguments.Options(description_);
    arguments.Output(
        "-o,--output", output_,
        "Folder to write the pages to instead of printing them: README.md and one a task, in Markdown");
  }

  Result Run(const Call& call) override {
    Result result = Result::Of({{"tasks", nlohmann::json::array()}});
    const std::vector<Task> chosen = task_.empty() ? Tasks() : std::vector<Task>{FindTask(task_)};
    for (const Task& task : chosen) result.values["tasks"].push_back(FactsOf(task));
    if (!output_.empty()) return Written(chosen, call.common.overwrite, result);
    const bool pages = format_ == "markdown";
    std::vector<std::string> texts;
    if (task_.empty()) texts.push_back(pages ? IndexPage() : HelpOfProgram());
    for (const Task& task : chosen) texts.push_back(pages ? PageOf(task) : HelpOf(task));
    return result.Text(Join(texts, "\n"));
  }

 private:
  Result Written(const std::vector<Task>& chosen, bool overwrite, Result& result) const {
    std::vector<std::pair<fs::path, std::string>> pages;
    if (task_.empty()) pages.emplace_back(fs::path(output_) / "README.md", IndexPage());
    for (const Task& task : chosen) pages.emplace_back(fs::path(output_) / (task.name + ".md"), PageOf(task));
    fs::create_directories(output_);
    for (const auto& [path, page] : pages) CheckOutput(path, kReferencePage, {{}, overwrite});
    for (const auto& [path, page] : pages) WriteFile(path, page);
    result.values["output"] = output_;
    return result.Line("{tasks:n} tasks: {output}");
  }

  std::string task_;
  std::string format_ = "text";
  std::string output_;
  OptionsDescription description_;
};

}  // namespace

Task ReferenceRow() {
  return {.name = "reference",
          .section = Section::kFiles,
          .summary = "Print the reference of all tasks and their options",
          .examples = {"vantage reference extract", "vantage reference -o docs/reference"},
          .make = MakeCall<ReferenceCall>};
}

}  // namespace vantage::tasks
