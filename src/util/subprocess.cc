// SPDX-License-Identifier: BSD-3-Clause
#include "util/subprocess.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include <cerrno>
#include <chrono>
#include <csignal>
#include <system_error>
#include <thread>

#include "util/check.h"
#include "util/index.h"

extern char** environ;

namespace vantage {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kPollInterval(20);
constexpr int kPollsPerCall = 10;  // calls of on_wait are this many polls apart

std::vector<std::string> MergedEnvironment(const std::vector<std::pair<std::string, std::string>>& changes) {
  std::vector<std::string> merged;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    bool replaced = false;
    for (const auto& [name, value] : changes) {
      replaced |=
          text.size() > name.size() && text.substr(0, name.size()) == name && text[name.size()] == '=';
    }
    if (!replaced) merged.emplace_back(text);
  }
  for (const auto& [name, value] : changes) merged.push_back(name + "=" + value);
  return merged;
}

std::vector<char*> Pointers(std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  for (std::string& text : strings) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// Starts the program in its own process group, with `output` as its standard output and error.
pid_t Start(std::vector<std::string> arguments,
            const std::vector<std::pair<std::string, std::string>>& environment, int output) {
  VANTAGE_CHECK(!arguments.empty(), "no program to run");
  std::vector<std::string> merged = MergedEnvironment(environment);
  const std::vector<char*> argv = Pointers(arguments);
  const std::vector<char*> envp = Pointers(merged);
  const int input = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  VANTAGE_CHECK(child >= 0, arguments[0],
                ": cannot start a process: ", std::generic_category().message(errno));
  if (child == 0) {
    // Only async-signal-safe calls until exec: other threads of the parent may hold locks.
    ::setpgid(0, 0);
#ifdef __linux__
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(127);
#endif
    ::dup2(input, STDIN_FILENO);
    ::dup2(output, STDOUT_FILENO);
    ::dup2(output, STDERR_FILENO);
    environ = const_cast<char**>(envp.data());
    ::execvp(argv[0], argv.data());
    ::_exit(127);
  }
  ::setpgid(child, child);
  ::close(input);
  return child;
}

int ExitCode(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status); }

// Asks the process group to end, and kills it after five seconds.
void Terminate(pid_t child) {
  ::kill(-child, SIGTERM);
  const auto deadline = Clock::now() + std::chrono::seconds(5);
  int status = 0;
  while (::waitpid(child, &status, WNOHANG) == 0) {
    if (Clock::now() > deadline) {
      ::kill(-child, SIGKILL);
      ::waitpid(child, &status, 0);
      return;
    }
    std::this_thread::sleep_for(kPollInterval);
  }
}

}  // namespace

CommandResult RunCommand(const Command& command, const RunContext& context) {
  const std::string log = command.log_path.empty() ? "/dev/null" : command.log_path.string();
  const int output = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  VANTAGE_CHECK(output >= 0, log, ": cannot be written: ", std::generic_category().message(errno));
  const auto start = Clock::now();
  const pid_t child = Start(command.arguments, command.environment, output);
  ::close(output);
  const auto seconds = [start] { return std::chrono::duration<double>(Clock::now() - start).count(); };
  int status = 0;
  for (int polls = 1; ::waitpid(child, &status, WNOHANG) == 0; ++polls) {
    if (context.IsCancelled()) {
      Terminate(child);
      throw Interrupted(StrCat(command.arguments[0], ": interrupted"));
    }
    if (command.time_limit > 0 && seconds() > command.time_limit) {
      Terminate(child);
      return {128 + SIGTERM, seconds(), /*timed_out=*/true};
    }
    if (command.on_wait && polls % kPollsPerCall == 0) command.on_wait();
    std::this_thread::sleep_for(kPollInterval);
  }
  return {ExitCode(status), seconds()};
}

std::pair<int, std::string> CaptureCommand(
    const std::vector<std::string>& arguments,
    const std::vector<std::pair<std::string, std::string>>& environment) {
  int ends[2];
  VANTAGE_CHECK(::pipe2(ends, O_CLOEXEC) == 0, "no pipe: ", std::generic_category().message(errno));
  const pid_t child = Start(arguments, environment, ends[1]);
  ::close(ends[1]);
  std::string text;
  char buffer[4096];
  for (;;) {
    const ssize_t count = ::read(ends[0], buffer, sizeof(buffer));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    text.append(buffer, ToIndex(count));
  }
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  return {ExitCode(status), text};
}

}  // namespace vantage
