// SPDX-License-Identifier: BSD-3-Clause
#include <gmock/gmock.h>

#include <filesystem>
#include <map>
#include <set>

#include "tasks/reference.h"
#include "tasks/task.h"
#include "testing/files.h"
#include "util/file.h"
#include "util/string.h"

namespace vantage::tasks {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using vantage::testing::ErrorOf;
using vantage::testing::TemporaryFolder;

// A task and its arguments.
struct DeclaredTask {
  explicit DeclaredTask(const Task& task) : call(task.make()) {
    call->Declare(arguments);
    vantage::tasks::Declare(arguments, common);
  }
  std::unique_ptr<TaskCall> call;
  CommonOptions common;
  Arguments arguments;  // throws if two have the same name
};

TEST(Tasks, OfASectionStandTogether) {
  std::set<Section> left;
  std::set<std::string> names;
  Section section = Tasks()[0].section;
  for (const Task& task : Tasks()) {
    EXPECT_TRUE(names.insert(task.name).second) << task.name;
    if (task.section != section) left.insert(std::exchange(section, task.section));
    EXPECT_FALSE(left.contains(task.section)) << task.name;
  }
}

TEST(Tasks, ShowExamplesWhoseOptionsThereAre) {
  for (const Task& task : Tasks()) {
    const DeclaredTask declared(task);
    EXPECT_FALSE(task.summary.empty() || task.summary.ends_with('.')) << task.name;
    ASSERT_FALSE(task.examples.empty()) << task.name;
    for (const std::string& example : task.examples) {
      EXPECT_THAT(example, StartsWith("vantage " + task.name));
      for (const std::string& word : SplitText(example, ' ')) {
        if (!word.starts_with('-')) continue;
        EXPECT_NE(declared.arguments.Find(word), nullptr) << example;
      }
      for (const Argument& argument : declared.arguments.all()) {
        if (!argument.is_required || argument.IsPositional()) continue;
        EXPECT_THAT(example, ::testing::AnyOf(HasSubstr(argument.names.front() + " "),
                                              HasSubstr(argument.name() + " ")));
      }
    }
  }
}

// A flag must not be a number of photos in one task and a folder in another.
TEST(Tasks, FlagsMeanOneThingInAll) {
  std::map<std::string, std::pair<std::string, std::string>> known;  // flag: how its value looks, a task
  for (const Task& task : Tasks()) {
    const DeclaredTask declared(task);
    for (const Argument& argument : declared.arguments.all()) {
      if (argument.IsPositional()) continue;
      const auto& [value, first] =
          known.try_emplace(argument.name(), ValueName(argument), task.name).first->second;
      EXPECT_EQ(ValueName(argument), value) << argument.name() << " of " << first << " and " << task.name;
    }
  }
}

TEST(Tasks, HelpAndPageNameEachArgument) {
  for (const Task& task : Tasks()) {
    const std::string help = HelpOf(task);
    const std::string page = PageOf(task);
    const DeclaredTask declared(task);
    for (const Argument& argument : declared.arguments.all()) {
      EXPECT_FALSE(argument.field().help.empty()) << task.name << " " << argument.name();
      EXPECT_THAT(help, HasSubstr("\n  " + Signature(argument))) << task.name;
    }
    EXPECT_THAT(help, HasSubstr("\nExample:\n  vantage " + task.name));
    EXPECT_THAT(page, StartsWith("# vantage " + task.name + "\n"));
    EXPECT_THAT(HelpOfProgram(), HasSubstr("\n  " + task.name + " "));
    EXPECT_THAT(IndexPage(), HasSubstr("(" + task.name + ".md)"));
  }
}

TEST(Tasks, OfAWrongNameTheNearestIsTold) {
  EXPECT_THAT(ErrorOf([] { FindTask("extrct"); }),
              HasSubstr("unknown task 'extrct'; did you mean 'extract'?"));
  EXPECT_THAT(ErrorOf([] { FindTask("zzzzzz"); }), HasSubstr("known are synthesize, "));
}

// `vantage reference -o docs/reference` writes the pages.
TEST(Reference, PagesAreWhatTheProgramSays) {
  const fs::path folder = fs::path(VANTAGE_DOCS) / "reference";
  std::map<std::string, std::string> pages = {{"README.md", IndexPage()}};
  for (const Task& task : Tasks()) pages[task.name + ".md"] = PageOf(task);
  for (const auto& [name, text] : pages) EXPECT_EQ(ReadFile(folder / name), text) << name;
  for (const auto& entry : fs::directory_iterator(folder)) {
    EXPECT_TRUE(pages.contains(entry.path().filename().string())) << entry.path() << " is of no task";
  }
}

TEST(Reference, ReplacesItsOwnPagesOnly) {
  const TemporaryFolder folder;
  const auto write = [&] {
    const std::unique_ptr<TaskCall> call = FindTask("reference").make();
    Arguments arguments;
    call->Declare(arguments);
    arguments.Find("--output")->Set(folder.path().string());
    call->Run({});
  };
  write();
  write();
  WriteFile(folder / "README.md", "# My project\n");
  fs::remove(folder / "info.md");
  EXPECT_THAT(ErrorOf(write), HasSubstr("README.md"));
  EXPECT_EQ(ReadFile(folder / "README.md"), "# My project\n");
  EXPECT_FALSE(fs::exists(folder / "info.md"));
}

}  // namespace
}  // namespace vantage::tasks
