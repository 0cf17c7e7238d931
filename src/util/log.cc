// SPDX-License-Identifier: BSD-3-Clause
#include "util/log.h"
#include "vantage/run_context.h"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <utility>

#include "vantage/error.h"

namespace vantage {
namespace {

// Only this file includes spdlog: its fmt conflicts with the one in LibTorch's include folder.
struct Logger {
  std::atomic<LogLevel> level = LogLevel::kWarning;
  std::mutex mutex;
  LogSink sink;
  spdlog::logger to_stderr{"vantage", std::make_shared<spdlog::sinks::stderr_color_sink_mt>()};

  Logger() {
    to_stderr.set_level(spdlog::level::trace);
    to_stderr.set_pattern("%^%l%$: %v");
  }
};

Logger& TheLogger() {
  static Logger logger;
  return logger;
}

spdlog::level::level_enum ToSpdlog(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
    case LogLevel::kOff:
      break;
  }
  return spdlog::level::off;
}

}  // namespace

LogLevel ParseLogLevel(const std::string& name) {
  if (name == "debug") return LogLevel::kDebug;
  if (name == "info") return LogLevel::kInfo;
  if (name == "warning") return LogLevel::kWarning;
  if (name == "error") return LogLevel::kError;
  if (name == "off") return LogLevel::kOff;
  throw UsageError(StrCat("log level '", name, "' is not one of debug, info, warning, error, off"));
}

void SetLogLevel(LogLevel level) { TheLogger().level = level; }

void SetLogSink(LogSink sink) {
  Logger& logger = TheLogger();
  const std::scoped_lock lock(logger.mutex);
  logger.sink = std::move(sink);
}

void Log(LogLevel level, const std::string& message) {
  Logger& logger = TheLogger();
  if (level < logger.level.load()) return;
  const std::scoped_lock lock(logger.mutex);
  if (logger.sink) {
    logger.sink(level, message);
  } else {
    logger.to_stderr.log(ToSpdlog(level), message);
  }
}

}  // namespace vantage
