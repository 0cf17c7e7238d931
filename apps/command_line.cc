// SPDX-License-Identifier: BSD-3-Clause
#include "command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "session.h"
#include "util/rethrow.h"
#include "util/string.h"
#include "vantage/error.h"
#include "vantage/run_context.h"

namespace vantage::cli {
namespace {

constexpr int kFailed = 1;
constexpr int kWrongUsage = 2;
constexpr int kInterrupted = 130;

// The last part of an option's key with dashes, "optimizer.learning_rate" becomes "learning-rate"; the whole
// key where another option of the command ends alike, "test_views.arc" becomes "test-views-arc".
std::string FlagOf(const OptionsDescription& description, const OptionField& field) {
  const auto last_part = [](const std::string& key) { return key.substr(key.rfind('.') + 1); };
  std::string flag = field.flag.empty() ? last_part(field.key) : field.flag;
  const bool ambiguous = std::any_of(
      description.fields().begin(), description.fields().end(),
      [&](const OptionField& other) { return other.key != field.key && last_part(other.key) == flag; });
  if (ambiguous) flag = field.key;
  for (char& c : flag) c = c == '_' || c == '.' ? '-' : c;
  return flag;
}

std::string HelpOf(const OptionField& field) {
  const std::string rule = field.RuleText();
  return StrCat(field.help, rule.empty() ? "" : StrCat(" (", rule, ")"), "; default ", field.ValueText());
}

int Report(const char* message, int code) {
  std::fprintf(stderr, "vantage: %s\n", message);
  return code;
}

int RunCommand(Command& command, const GlobalOptions& options) {
  try {
    CatchInterrupts();
    Session session(options);
    try {
      command.Run(session);
    } catch (...) {
      RethrowAsError();
    }
    return 0;
  } catch (const Interrupted&) {
    return Report(StrCat("interrupted; to go on, ", command.HowToGoOn()).c_str(), kInterrupted);
  } catch (const UsageError& error) {
    return Report(error.what(), kWrongUsage);
  } catch (const std::exception& error) {
    return Report(error.what(), kFailed);
  }
}

}  // namespace

void CommandLine::Positional(const std::string& name, std::string& value, const std::string& help,
                             bool required) {
  app_.add_option(name, value, help)->required(required);
}

void CommandLine::Positional(const std::string& name, std::vector<std::string>& values,
                             const std::string& help) {
  app_.add_option(name, values, help)->required();
}

void CommandLine::Option(const std::string& flags, std::string& value, const std::string& help,
                         bool required) {
  app_.add_option(flags, value, help)->required(required);
}

void CommandLine::Option(const std::string& flags, std::vector<std::string>& values,
                         const std::string& help) {
  app_.add_option(flags, values, help)->allow_extra_args(false);
}

void CommandLine::Option(const std::string& flags, int& value, const std::string& help) {
  app_.add_option(flags, value, StrCat(help, "; default ", value));
}

void CommandLine::Flag(const std::string& flags, bool& value, const std::string& help) {
  app_.add_flag(flags, value, help);
}

void CommandLine::Options(OptionsDescription& description) {
  for (const OptionField& field : description.fields()) {
    const std::string name = FlagOf(description, field);
    const std::string flag = (name.size() == 1 ? "-" : "--") + name;
    const auto set = [&description, key = field.key, flag](const std::string& text) {
      SetOption(description, key, text, flag);
    };
    if (std::holds_alternative<bool*>(field.target)) {
      app_.add_flag_callback(
          flag, [set] { set("true"); }, HelpOf(field));
    } else {
      app_.add_option_function<std::string>(flag, set, HelpOf(field))->type_name(field.TypeName());
    }
  }
}

void CommandLine::Example(const std::string& text) {
  examples_ += "\n  " + text;
  app_.footer("Example:" + examples_);
}

int RunProgram(int argc, char** argv, const std::vector<std::unique_ptr<Command>>& commands) {
  CLI::App app("vantage " + std::string(Version()) +
               ": image-retrieval descriptors trained by structure-from-motion, with no human labels");
  app.set_version_flag("--version", std::string(Version()));
  app.require_subcommand(1);
  app.footer("Example:\n  vantage extract model.pth photos/ -o descriptors");
  GlobalOptions options;
  Command* chosen = nullptr;
  for (const auto& command : commands) {
    CLI::App* subcommand = app.add_subcommand(command->Name(), command->Summary());
    CommandLine line(*subcommand);
    command->AddArguments(line);
    subcommand
        ->add_option("--threads", options.threads,
                     "Threads; 0: as many as processors that the process may use")
        ->check(CLI::Range(0, 1024))
        ->group("Common options");
    subcommand->add_option("--device", options.device, "cpu, cuda or cuda:N")->group("Common options");
    subcommand->add_option("--log-level", options.log_level, "debug, info, warning, error or off")
        ->group("Common options");
    subcommand->add_flag("--json", options.json, "Print the result as one JSON object")
        ->group("Common options");
    subcommand
        ->add_flag("--overwrite", options.overwrite,
                   "Let an output replace a file of another kind, or an input")
        ->group("Common options");
    subcommand->callback([&chosen, raw = command.get()] { chosen = raw; });
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error);
    return code == 0 ? 0 : kWrongUsage;
  } catch (const Error& error) {  // of SetOption
    return Report(error.what(), kWrongUsage);
  }
  return RunCommand(*chosen, options);
}

}  // namespace vantage::cli
