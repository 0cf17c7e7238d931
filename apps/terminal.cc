// SPDX-License-Identifier: BSD-3-Clause
#include "terminal.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <system_error>

#include "util/check.h"
#include "util/string.h"
#include "vantage/run_context.h"

namespace vantage::cli {
namespace {

constexpr std::chrono::milliseconds kTerminalInterval(100);
constexpr std::chrono::seconds kLogInterval(10);

std::atomic<bool> interrupted = false;

extern "C" void OnInterrupt(int signal) {
  if (interrupted.exchange(true)) ::_exit(128 + signal);
}

}  // namespace

ProgressPrinter::ProgressPrinter() : terminal_(::isatty(STDERR_FILENO) == 1) {}

void ProgressPrinter::Show(const Progress& progress) {
  const std::scoped_lock lock(mutex_);
  const auto now = Clock::now();
  if (line_.Take(progress, now)) last_shown_ = terminal_ ? Clock::time_point() : now;
  if (terminal_) {
    const bool finished = line_.IsFinished();
    if (now - last_shown_ < kTerminalInterval && !finished) return;
    last_shown_ = now;
    std::fprintf(stderr, "\r\033[K%s%s", line_.Text().c_str(), finished ? "\n" : "");
    std::fflush(stderr);
    line_is_open_ = !finished;
  } else if (now - last_shown_ >= kLogInterval) {
    last_shown_ = now;
    std::fprintf(stderr, "%s\n", line_.Text().c_str());
  }
}

void ProgressPrinter::Finish() {
  const std::scoped_lock lock(mutex_);
  if (line_is_open_) std::fprintf(stderr, "\n");
  line_is_open_ = false;
}

Terminal::Terminal(const tasks::CommonOptions& options) : json_(options.json) {
  const LogLevel shown = ParseLogLevel(options.log_level);
  SetLogLevel(std::min(shown, LogLevel::kWarning));
  SetLogSink([this, shown](LogLevel level, const std::string& message) {
    if (level == LogLevel::kWarning) warnings_.push_back(message);
    if (level < shown) return;
    progress_.Finish();
    const char* prefix = level >= LogLevel::kError     ? "error: "
                         : level >= LogLevel::kWarning ? "warning: "
                                                       : "";
    std::fprintf(stderr, "%s%s\n", prefix, message.c_str());
  });
  context_.threads = options.threads;
  context_.on_progress = [this](const Progress& progress) { progress_.Show(progress); };
  context_.is_cancelled = WasInterrupted;
}

Terminal::~Terminal() {
  progress_.Finish();
  SetLogSink({});
}

void Terminal::Print(tasks::Result result) {
  progress_.Finish();
  if (result.is_silent) return;
  if (!warnings_.empty()) result.values["warnings"] = warnings_;
  const std::string output =
      json_ ? result.values.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) : result.text;
  std::fputs(output.c_str(), stdout);
  if (output.empty() || output.back() != '\n') std::fputc('\n', stdout);
  const bool written = std::fflush(stdout) == 0 && std::ferror(stdout) == 0;
  VANTAGE_CHECK(written, "standard output: cannot be written: ", std::generic_category().message(errno));
  if (!result.failure.empty()) throw Error(result.failure);
}

void CatchInterrupts() {
  struct sigaction action {};
  action.sa_handler = OnInterrupt;
  sigemptyset(&action.sa_mask);
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
  std::signal(SIGXFSZ, SIG_IGN);  // a write beyond the file size limit returns an error instead
}

bool WasInterrupted() { return interrupted; }

}  // namespace vantage::cli
