// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <functional>
#include <string>

#include "vantage/util/string.h"

namespace vantage {

enum class LogLevel { kDebug, kInfo, kWarning, kError, kOff };

// "debug", "info", "warning", "error", "off". Throws UsageError for another name.
LogLevel ParseLogLevel(const std::string& name);

// What becomes of a message at or above the level. Called from any thread, one call at a time.
using LogSink = std::function<void(LogLevel, const std::string&)>;

// Least level that is passed on. The library starts at kWarning.
void SetLogLevel(LogLevel level);

// Replaces the default sink, which writes to standard error. An empty one restores it.
void SetLogSink(LogSink sink);

void Log(LogLevel level, const std::string& message);

template <typename... Args>
void LogDebug(const Args&... args) {
  Log(LogLevel::kDebug, StrCat(args...));
}
template <typename... Args>
void LogInfo(const Args&... args) {
  Log(LogLevel::kInfo, StrCat(args...));
}
template <typename... Args>
void LogWarning(const Args&... args) {
  Log(LogLevel::kWarning, StrCat(args...));
}

}  // namespace vantage
