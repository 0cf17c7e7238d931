// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "vantage/options.h"

namespace CLI {
class App;
}  // namespace CLI

namespace vantage::cli {

// Declares a subcommand's arguments. Wraps CLI11, which takes seconds to compile wherever it is included.
class CommandLine {
 public:
  explicit CommandLine(CLI::App& app) : app_(app) {}

  void Positional(const std::string& name, std::string& value, const std::string& help, bool required = true);
  void Positional(const std::string& name, std::vector<std::string>& values, const std::string& help);
  // flags: "-o,--output".
  void Option(const std::string& flags, std::string& value, const std::string& help, bool required = false);
  void Option(const std::string& flags, std::vector<std::string>& values, const std::string& help);
  void Option(const std::string& flags, int& value, const std::string& help);
  void Flag(const std::string& flags, bool& value, const std::string& help);
  // A flag for each option that the description lists; the description must outlive parsing.
  void Options(OptionsDescription& description);
  // Shown below the options, each on a line of its own.
  void Example(const std::string& text);

 private:
  CLI::App& app_;
  std::string examples_;
};

class Session;

// A subcommand: parse, call the library, print.
class Command {
 public:
  virtual ~Command() = default;
  virtual std::string Name() const = 0;
  virtual std::string Summary() const = 0;
  virtual void AddArguments(CommandLine& line) = 0;
  virtual void Run(Session& session) = 0;
  // What to do after Ctrl-C.
  virtual std::string HowToGoOn() const { return "run the same command again"; }
};

std::unique_ptr<Command> MakeConvertCommand();
std::unique_ptr<Command> MakeEvaluateCommand();
std::unique_ptr<Command> MakeExtractCommand();
std::unique_ptr<Command> MakeInfoCommand();
std::unique_ptr<Command> MakeMergeCommand();
std::unique_ptr<Command> MakePairsCommand();
std::unique_ptr<Command> MakeReconstructCommand();
std::unique_ptr<Command> MakeReportCommand();
std::unique_ptr<Command> MakeSearchCommand();
std::unique_ptr<Command> MakeSynthesizeCommand();
std::unique_ptr<Command> MakeTrainCommand();
std::unique_ptr<Command> MakeTuplesCommand();
std::unique_ptr<Command> MakeWhitenCommand();

// Parses the program's arguments and runs the subcommand that they name. Returns the exit code: 0 done, 1
// failed, 2 wrong usage, 130 interrupted.
int RunProgram(int argc, char** argv, const std::vector<std::unique_ptr<Command>>& commands);

}  // namespace vantage::cli
