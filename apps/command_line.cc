// SPDX-License-Identifier: BSD-3-Clause
#include "command_line.h"

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <optional>
#include <set>

#include "tasks/reference.h"
#include "terminal.h"
#include "util/rethrow.h"
#include "util/string.h"
#include "vantage/error.h"
#include "vantage/run_context.h"

namespace vantage::cli {
namespace {

constexpr int kFailed = 1;
constexpr int kWrongUsage = 2;
constexpr int kInterrupted = 130;

bool IsFlag(const std::string& word) {
  return word.size() > 1 && word[0] == '-' && std::isdigit(static_cast<unsigned char>(word[1])) == 0 &&
         word[1] != '.';
}

bool AsksForHelp(const std::vector<std::string>& words) {
  const auto end = std::find(words.begin(), words.end(), "--");
  return std::any_of(words.begin(), end,
                     [](const std::string& word) { return word == "--help" || word == "-h"; });
}

// Splits "--size=3" and "-k3" into name and value; no value if the word is only a name.
std::pair<std::string, std::optional<std::string>> SplitFlag(const std::string& word) {
  if (word[1] != '-') {
    if (word.size() == 2) return {word, std::nullopt};
    return {word.substr(0, 2), word.substr(word[2] == '=' ? 3 : 2)};
  }
  const size_t equals = word.find('=');
  if (equals == word.npos) return {word, std::nullopt};
  return {word.substr(0, equals), word.substr(equals + 1)};
}

class Reader {
 public:
  explicit Reader(const tasks::Arguments& arguments) : arguments_(arguments) {
    for (const tasks::Argument& argument : arguments.all()) {
      if (argument.IsPositional()) positional_.push_back(&argument);
    }
  }

  void Read(const std::vector<std::string>& words) {
    bool only_positional = false;
    for (size_t i = 0; i < words.size(); ++i) {
      if (only_positional || !IsFlag(words[i])) {
        Place(words[i]);
      } else if (words[i] == "--") {
        only_positional = true;
      } else {
        const auto [name, value] = SplitFlag(words[i]);
        const tasks::Argument& argument = Require(name);
        if (value || argument.IsSwitch()) {
          Give(argument, value.value_or("true"));
        } else {
          if (i + 1 == words.size() || IsKnownFlag(words[i + 1])) throw UsageError(name + " needs a value");
          Give(argument, words[++i]);
        }
      }
    }
    for (const tasks::Argument& argument : arguments_.all()) {
      if (argument.is_required && !given_.contains(&argument))
        throw UsageError(argument.name() + " is required");
    }
  }

 private:
  const tasks::Argument& Require(const std::string& name) const {
    if (const tasks::Argument* argument = arguments_.Find(name)) return *argument;
    std::vector<std::string> known = {"--help"};
    for (const tasks::Argument& argument : arguments_.all()) {
      if (!argument.IsPositional()) known.insert(known.end(), argument.names.begin(), argument.names.end());
    }
    const std::string hint = DidYouMean(name, known);
    throw UsageError(StrCat("unknown option '", name, "'", hint.empty() ? "; --help lists all" : hint));
  }

  bool IsKnownFlag(const std::string& word) const {
    return IsFlag(word) && arguments_.Find(SplitFlag(word).first) != nullptr;
  }

  void Place(const std::string& word) {
    if (next_ == positional_.size()) throw UsageError(StrCat("'", word, "' is an argument too many"));
    Give(*positional_[next_], word);
    if (!positional_[next_]->repeats) ++next_;
  }

  void Give(const tasks::Argument& argument, const std::string& text) {
    if (!given_.insert(&argument).second && !argument.repeats && !argument.IsSwitch())
      throw UsageError(argument.name() + " is given twice");
    argument.Set(text);
  }

  const tasks::Arguments& arguments_;
  std::vector<const tasks::Argument*> positional_;
  size_t next_ = 0;
  std::set<const tasks::Argument*> given_;
};

void Report(const std::string& message) { std::fprintf(stderr, "vantage: %s\n", message.c_str()); }

void RunTask(const tasks::Task& task, const std::vector<std::string>& words) {
  const std::unique_ptr<tasks::TaskCall> run = task.make();
  tasks::Arguments arguments;
  tasks::CommonOptions common;
  run->Declare(arguments);
  tasks::Declare(arguments, common);
  ReadCommandLine(words, arguments);
  CatchInterrupts();
  Terminal terminal(common);
  try {
    terminal.Print(run->Run({terminal.context(), common}));
  } catch (...) {
    RethrowAsError();
  }
}

}  // namespace

void ReadCommandLine(const std::vector<std::string>& words, const tasks::Arguments& arguments) {
  Reader(arguments).Read(words);
}

int RunProgram(const std::vector<std::string>& words) {
  const tasks::Task* task = nullptr;
  try {
    if (words.empty()) throw UsageError("a task is required; 'vantage --help' lists them");
    if (words[0] == "--version") {
      std::printf("%s\n", Version());
      return 0;
    }
    if (IsFlag(words[0]) && AsksForHelp({words[0]})) {
      std::fputs(tasks::HelpOfProgram().c_str(), stdout);
      return 0;
    }
    task = &tasks::FindTask(words[0]);
    const std::vector<std::string> rest(words.begin() + 1, words.end());
    if (AsksForHelp(rest)) {
      std::fputs(tasks::HelpOf(*task).c_str(), stdout);
      return 0;
    }
    RunTask(*task, rest);
    return 0;
  } catch (const Interrupted&) {
    Report("interrupted; to resume, " + task->resume);
    return kInterrupted;
  } catch (const UsageError& error) {
    Report(error.what());
    return kWrongUsage;
  } catch (const std::exception& error) {
    Report(error.what());
    return kFailed;
  }
}

}  // namespace vantage::cli
