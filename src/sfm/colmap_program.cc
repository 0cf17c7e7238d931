// SPDX-License-Identifier: BSD-3-Clause
#include "sfm/colmap_program.h"

#include "util/check.h"

namespace vantage::sfm {
namespace {

// COLMAP links Qt, which needs a screen otherwise.
const std::vector<std::pair<std::string, std::string>> kHeadless = {{"QT_QPA_PLATFORM", "offscreen"}};

constexpr const char* kCommands[] = {"feature_extractor", "exhaustive_matcher", "matches_importer", "mapper"};

// Whether the help text has a line for the option.
bool HelpNames(const std::string& help, const std::string& option) {
  for (size_t at = help.find("--" + option); at != help.npos; at = help.find("--" + option, at + 1)) {
    const size_t end = at + 2 + option.size();
    if (end == help.size() || help[end] == ' ' || help[end] == '\n') return true;
  }
  return false;
}

}  // namespace

ColmapProgram::ColmapProgram(std::string program) : program_(std::move(program)) {
  const auto [code, text] = CaptureCommand({program_, "help"}, kHeadless);
  VANTAGE_CHECK(code != 127, program_, ": cannot be run; install COLMAP or name its program (--colmap)");
  const size_t name = text.find("COLMAP ");
  VANTAGE_CHECK(name != text.npos, program_, ": does not look like COLMAP (", program_,
                " help gave exit code ", code, ")");
  const size_t start = name + 7;
  version_ = text.substr(start, text.find_first_of(" \n", start) - start);
  for (const char* command : kCommands)
    help_[command] = CaptureCommand({program_, command, "--help"}, kHeadless).second;
}

bool ColmapProgram::Knows(const std::string& command, const std::string& option) const {
  return HelpNames(help_.at(command), option);
}

const std::string* ColmapProgram::NameOf(const std::string& command, const Option& option) const {
  for (const std::string& name : option.names) {
    if (Knows(command, name)) return &name;
  }
  return nullptr;
}

std::vector<std::string> ColmapProgram::Lacks(const std::string& command,
                                              const std::vector<Option>& options) const {
  std::vector<std::string> lacks;
  for (const Option& option : options) {
    if (NameOf(command, option) != nullptr) continue;
    lacks.push_back(StrCat("COLMAP ", version_, ": ", command, " has no option ", Join(option.names, " or "),
                           "; it is left out"));
  }
  return lacks;
}

CommandResult ColmapProgram::Run(const std::string& command, const std::vector<Option>& options,
                                 const std::filesystem::path& log, const RunContext& context,
                                 const Watch& watch) const {
  Command call;
  call.arguments = {program_, command};
  for (const Option& option : options) {
    const std::string* name = NameOf(command, option);
    if (name == nullptr) continue;
    call.arguments.push_back("--" + *name);
    call.arguments.push_back(option.value);
  }
  call.environment = kHeadless;
  call.log_path = log;
  call.time_limit = watch.time_limit;
  call.on_wait = watch.on_wait;
  return RunCommand(call, context);
}

}  // namespace vantage::sfm
